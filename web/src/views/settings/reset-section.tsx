import { useState } from 'preact/hooks';
import type { FactoryReset } from '#admin/contract-settings.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { askSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { settingsWords } from './words.ts';

const WORD = 'reset';

export function ResetSection() {
  const words = settingsWords.get().reset;
  const [cache, setCache] = useState<FactoryReset['cache']>('keep');
  const [typed, setTyped] = useState('');
  const [isWrong, setWrong] = useState(false);
  const reset = async () => {
    if (typed.trim() !== WORD) {
      setWrong(true);
      return { ok: true } as const;
    }
    const got = await call('POST /api/factory-reset', { body: { cache, typed: typed.trim() } });
    const gone = got.ok ? undefined : got.problem.fields?.find(({ path }) => path === 'cache')?.detail?.disks;
    if (gone !== undefined) {
      tell(words.notHere(safeText(String(gone), 300)), true);
      return { ok: true } as const;
    }
    if (!got.ok) return got;
    tell(words.done);
    void askSession();
    return got;
  };
  const option = (value: FactoryReset['cache'], text: string, hint: string) => (
    <label class="reset-option">
      <input type="radio" name="reset" checked={cache === value} onChange={() => setCache(value)} />
      <span>
        <b>{text}</b>
        <span class="aside">{hint}</span>
      </span>
    </label>
  );
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="reset-title">
      <h3 class="settings-group" id="reset-title">
        {words.title}
      </h3>
      <p class="settings-lead">{words.text}</p>
      <fieldset class="reset-options">
        <legend class="unseen">{words.title}</legend>
        {option('keep', words.keep, words.keepHint)}
        {option('wipe', words.wipe, words.wipeHint)}
      </fieldset>
      <Field
        label={words.typed}
        error={isWrong ? words.typedWrong : undefined}
        control={(aria) => (
          <input
            {...aria}
            type="text"
            class="setting-number"
            autocomplete="off"
            autocapitalize="off"
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setWrong(false);
            }}
          />
        )}
      />
      <ActButton act={reset} kind="danger" submit>
        {words.act}
      </ActButton>
    </form>
  );
}
