import { useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { limitOf } from './limit-text.ts';
import { torrentsWords } from './words.ts';

type Props = {
  count: number;
  now: number | undefined;
  act: (mbps: number | undefined) => Promise<{ ok: true } | { ok: false; problem: Problem }>;
  onClose: () => void;
};

export function LimitDialog({ count, now, act, onClose }: Props) {
  const words = torrentsWords.get();
  const [text, setText] = useState(now === undefined ? '' : String(now));
  const limit = limitOf(text);
  const set = async () => {
    if (limit === 'wrong') return { ok: true } as const;
    const done = await act(limit.mbps);
    if (done.ok) onClose();
    return done;
  };
  return (
    <Dialog title={words.limitTitle(count)} onClose={onClose}>
      <form onSubmit={(event) => event.preventDefault()}>
        <Field
          label={words.limitLabel}
          hint={words.limitHint}
          error={limit === 'wrong' ? words.limitWrong : undefined}
          control={(aria) => (
            <input
              {...aria}
              data-first
              inputMode="decimal"
              autocomplete="off"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        />
        <footer>
          <button type="button" onClick={onClose}>
            {frameWords.get().cancel}
          </button>
          <ActButton submit kind="main" disabled={limit === 'wrong'} act={set}>
            {words.set}
          </ActButton>
        </footer>
      </form>
    </Dialog>
  );
}
