import { useEffect, useState } from 'preact/hooks';
import type { NetPort } from '#admin/contract-machine.ts';
import { safeText } from '../../frame/safe-text.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { BlinkButton, PortShown } from '../system/ports-section.tsx';
import { changeSettings, happens } from './set-up-store.ts';
import { SkipButton } from './skip-button.tsx';
import { setUpWords } from './words.ts';

/** ms. A cable is pulled, and the page looked at. */
const EVERY_MS = 2000;

export function PortsStep() {
  const words = setUpWords.get();
  const { answer, problem, again } = useAsked('GET /api/ports', {}, EVERY_MS);
  const settings = useAsked('GET /api/settings', {});
  const isFixed =
    settings.answer?.infos.some(({ path, applies }) => path === 'lan' && applies === 'file-only') ?? false;
  return (
    <>
      <ProblemNote problem={problem ?? settings.problem} again={again} />
      <ul class="rows">
        {answer?.ports.map((port) => (
          <li key={port.name}>
            <PortShown port={port} />
            {port.canBlink && <BlinkButton port={port} />}
          </li>
        ))}
      </ul>
      {isFixed && <p class="system-note">{words.portsCannot}</p>}
      {answer && settings.answer && !isFixed && <PortsForm ports={answer.ports} />}
      <SkipButton step="ports" text={words.asItIs} />
    </>
  );
}

function PortsForm({ ports }: { ports: readonly NetPort[] }) {
  const words = setUpWords.get();
  const nameOf = (role: NetPort['role']) => ports.find((port) => port.role === role)?.name ?? '';
  const [before] = useState({ lan: nameOf('lan'), wan: nameOf('wan') });
  const [chosen, setChosen] = useState(before);
  const [error, setError] = useState<string>();
  useEffect(() => setError(undefined), [chosen]);
  const set = async () => {
    if (chosen.lan === chosen.wan || chosen.lan === '' || chosen.wan === '') {
      setError(words.portsSame);
      focusField('wan');
      return { ok: true } as const;
    }
    const isSame = chosen.lan === before.lan && chosen.wan === before.wan;
    const done = isSame ? ({ ok: true } as const) : await changeSettings(chosen);
    if (!done.ok) return done;
    if (!isSame) tell(words.portsRestart);
    happens({
      kind: 'done',
      step: 'ports',
      ...(!isSame && before.lan !== '' && before.wan !== '' && { undo: { kind: 'settings', values: before } }),
    });
    return done;
  };
  return (
    <form class="ports-form" onSubmit={(event) => event.preventDefault()}>
      {(['lan', 'wan'] as const).map((role) => (
        <Field
          key={role}
          label={words[role]}
          error={role === 'wan' ? error : undefined}
          control={(aria) => (
            <select
              {...aria}
              data-field={role}
              class="wide-input"
              value={chosen[role]}
              onChange={(event) => setChosen({ ...chosen, [role]: event.currentTarget.value })}
            >
              <option value="">{words.noPort}</option>
              {ports.map(({ name, role: now }) =>
                now === 'management' ? null : (
                  <option key={name} value={name}>
                    {safeText(name, 20)}
                  </option>
                ),
              )}
            </select>
          )}
        />
      ))}
      <ActButton act={set} kind="main" submit>
        {words.setPorts}
      </ActButton>
    </form>
  );
}
