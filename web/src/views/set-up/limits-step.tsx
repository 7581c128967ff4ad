import { useEffect } from 'preact/hooks';
import { ActButton } from '../../parts/act-button.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { FieldInput } from '../settings/field-input.tsx';
import { changes, check, fields, load, loadProblem, save, settings } from '../settings/settings-store.ts';
import type { Undo } from './set-up-steps.ts';
import { happens } from './set-up-store.ts';
import { SkipButton } from './skip-button.tsx';
import { setUpWords } from './words.ts';

/** Those that a cafe needs on its first day; all others are in the settings. */
const ASKED = ['uplink.mbps', 'uplink.hours', 'uplink.dayGB', 'limits.clientMbps'];

export function LimitsStep() {
  useEffect(() => void load(), []);
  const set = async () => {
    const names = new Set(changes.peek().map(({ path }) => path.split('.')[0] as string));
    const before = settings.peek()?.values ?? {};
    const undo: Undo = {
      kind: 'settings',
      values: Object.fromEntries([...names].map((name) => [name, before[name] ?? null])),
    };
    if (names.size > 0) {
      const checked = await check();
      if (!checked.ok) return checked;
      if (!checked.isRight) {
        document.querySelector<HTMLElement>('.setting [aria-invalid="true"]')?.focus();
        return { ok: true } as const;
      }
      const done = await save('');
      if (!done.ok) return done;
    }
    happens({ kind: 'done', step: 'limits', ...(names.size > 0 && { undo }) });
    return { ok: true } as const;
  };
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <ProblemNote problem={loadProblem.value} again={() => void load()} />
      {fields.value
        .filter(({ path }) => ASKED.includes(path))
        .map((field) => (
          <FieldInput key={field.path} field={field} isReadOnly={false} />
        ))}
      <ActButton act={set} kind="main" submit disabled={!settings.value}>
        {setUpWords.get().next}
      </ActButton>
      <SkipButton step="limits" />
    </form>
  );
}
