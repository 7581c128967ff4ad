import { useState } from 'preact/hooks';
import type { TotpOffer } from '#admin/contract-access.ts';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { tellSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { problemText } from '../../parts/problem-note.tsx';
import { focusField, SecretField } from '../../parts/secret-field.tsx';
import { inFours, qrPicture } from './qr-path.ts';
import { accountWords } from './words.ts';

/** The authenticator app: off, offered with a code to scan, or on. */
export function TotpCard({ isOn }: { isOn: boolean }) {
  const words = accountWords.get();
  const [password, setPassword] = useState('');
  const [offer, setOffer] = useState<TotpOffer>();
  const [error, setError] = useState<string>();
  const onProblem = (problem: Problem) => {
    setError(problemText(problem));
    focusField('totp-password');
  };
  const act = async () => {
    setError(undefined);
    if (!isOn) {
      const got = await call('POST /api/account/totp', { body: { password } });
      if (got.ok) setOffer(got.answer);
      return got;
    }
    const got = await call('POST /api/account/totp/remove', { body: { password } });
    if (!got.ok) return got;
    setPassword('');
    tellSession(got.answer);
    tell(words.totpIsOff);
    return got;
  };
  const confirmed = () => {
    setOffer(undefined);
    setPassword('');
    tell(words.totpIsOn);
  };
  return (
    <section class="card pad" aria-labelledby="totp-title">
      <h3 class="account-title" id="totp-title">
        {words.totpTitle}
      </h3>
      <p class="account-lead">{isOn ? words.totpOn : words.totpOff}</p>
      {offer ? (
        <Offer offer={offer} onConfirmed={confirmed} />
      ) : (
        <form onSubmit={(event) => event.preventDefault()}>
          <SecretField
            label={words.toContinue}
            name="totp-password"
            error={error}
            value={password}
            onChange={setPassword}
            autocomplete="current-password"
          />
          <ActButton act={act} onProblem={onProblem} submit>
            {isOn ? words.totpRemove : words.totpBegin}
          </ActButton>
        </form>
      )}
    </section>
  );
}

function Offer({ offer, onConfirmed }: { offer: TotpOffer; onConfirmed: () => void }) {
  const words = accountWords.get();
  const [code, setCode] = useState('');
  const [error, setError] = useState<string>();
  const picture = qrPicture(offer.qr);
  const say = (text: string) => {
    setError(text);
    focusField('totp-code');
  };
  const confirm = async () => {
    const digits = code.replace(/\s/g, '');
    if (!/^\d{6}$/.test(digits)) {
      say(words.totpCodeWrong);
      return { ok: true } as const;
    }
    const got = await call('POST /api/account/totp/confirm', { body: { code: digits } });
    if (!got.ok) return got;
    tellSession(got.answer);
    onConfirmed();
    return got;
  };
  return (
    <form class="totp-offer" onSubmit={(event) => event.preventDefault()}>
      {picture && (
        <div>
          <p>{words.totpScan}</p>
          <svg
            class="totp-qr"
            viewBox={`0 0 ${picture.side} ${picture.side}`}
            shape-rendering="crispEdges"
            role="img"
            aria-label={words.totpQr}
          >
            <rect width={picture.side} height={picture.side} fill="#fff" />
            <path d={picture.path} fill="#000" />
          </svg>
        </div>
      )}
      <p>
        {words.totpType} <code class="totp-secret">{inFours(offer.secret)}</code>
      </p>
      <Field
        label={words.totpCode}
        error={error}
        control={(aria) => (
          <input
            {...aria}
            data-field="totp-code"
            type="text"
            class="short-input"
            inputMode="numeric"
            autocomplete="one-time-code"
            maxLength={8}
            value={code}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        )}
      />
      <ActButton act={confirm} onProblem={(problem) => say(problemText(problem))} kind="main" submit>
        {words.totpConfirm}
      </ActButton>
    </form>
  );
}
