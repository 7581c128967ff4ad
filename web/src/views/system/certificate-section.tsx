import { useState } from 'preact/hooks';
import type { CertificateView } from '#admin/contract-access.ts';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidDate } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Field } from '../../parts/field.tsx';
import { fieldTextOf, ProblemNote, problemText } from '../../parts/problem-note.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { systemWords } from './words.ts';

export function CertificateSection() {
  const words = systemWords.get().certificate;
  const { answer, problem, again } = useAsked('GET /api/certificate', {});
  const [goesBack, setGoesBack] = useState(false);
  const back = async () => {
    const got = await call('DELETE /api/certificate');
    if (got.ok) {
      tell(words.changed);
      again();
    }
    return got;
  };
  return (
    <>
      <section class="card pad" aria-labelledby="certificate-title">
        <h3 class="system-title" id="certificate-title">
          {words.title}
        </h3>
        <ProblemNote problem={problem} again={again} />
        {answer && !answer.inUse && <p class="system-note">{words.notInUse}</p>}
        {answer && (
          <>
            <p class="system-lead">{answer.madeByBox ? words.madeByBox : words.own}</p>
            <Facts certificate={answer} />
            {!answer.madeByBox && may('administer') && (
              <button type="button" onClick={() => setGoesBack(true)}>
                {words.back}
              </button>
            )}
          </>
        )}
      </section>
      {may('administer') && <OwnForm onChanged={again} />}
      {goesBack && (
        <Confirm title={words.backTitle} yes={words.back} isDangerous act={back} onClose={() => setGoesBack(false)}>
          <p>{words.backText}</p>
        </Confirm>
      )}
    </>
  );
}

function Facts({ certificate }: { certificate: CertificateView }) {
  const words = systemWords.get().certificate;
  const { subject, issuer, names, validFromMs, validUntilMs, fingerprint } = certificate;
  const rows = [
    [words.subject, safeText(subject, 200)],
    [words.issuer, safeText(issuer, 200)],
    [words.names, names.map((name) => safeText(name, 100)).join(', ')],
    [words.valid, words.span(saidDate(validFromMs), saidDate(validUntilMs))],
  ] as const;
  return (
    <dl class="facts">
      {rows.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {text} {name === words.valid && validUntilMs < Date.now() && <i class="badge bad">{words.ended}</i>}
          </dd>
        </div>
      ))}
      <div>
        <dt>{words.fingerprint}</dt>
        <dd>
          <code class="fingerprint">{safeText(fingerprint, 120)}</code>
        </dd>
      </div>
    </dl>
  );
}

const isPem = (text: string): boolean => text.trim().startsWith('-----BEGIN');

function OwnForm({ onChanged }: { onChanged: () => void }) {
  const words = systemWords.get().certificate;
  const [texts, setTexts] = useState({ certificate: '', key: '' });
  const [errors, setErrors] = useState<{ certificate?: string | undefined; key?: string | undefined }>({});
  const put = async () => {
    const wrong = (['certificate', 'key'] as const).filter((name) => !isPem(texts[name]));
    setErrors(Object.fromEntries(wrong.map((name) => [name, words.notPem])));
    if (wrong[0]) {
      focusField(`own-${wrong[0]}`);
      return { ok: true } as const;
    }
    const got = await call('PUT /api/certificate', { body: texts });
    if (!got.ok) return got;
    setTexts({ certificate: '', key: '' });
    tell(words.changed);
    onChanged();
    return got;
  };
  const onProblem = (problem: Problem) => {
    if (!problem.fields?.length) return tell(problemText(problem), true);
    setErrors({ certificate: fieldTextOf(problem, 'certificate'), key: fieldTextOf(problem, 'key') });
    focusField(`own-${problem.fields[0]?.path}`);
  };
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="own-title">
      <h3 class="system-title" id="own-title">
        {words.putTitle}
      </h3>
      {(['certificate', 'key'] as const).map((name) => (
        <Field
          key={name}
          label={words[name]}
          hint={words[`${name}Hint`]}
          error={errors[name]}
          control={(aria) => (
            <textarea
              {...aria}
              data-field={`own-${name}`}
              class="pem"
              rows={5}
              spellcheck={false}
              autocomplete="off"
              value={texts[name]}
              onInput={(event) => setTexts({ ...texts, [name]: event.currentTarget.value })}
            />
          )}
        />
      ))}
      <ActButton act={put} onProblem={onProblem} kind="main" submit>
        {words.put}
      </ActButton>
    </form>
  );
}
