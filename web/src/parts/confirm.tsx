import type { ComponentChildren } from 'preact';
import type { Problem } from '#admin/contract-common.ts';
import { frameWords } from '../frame/frame-words.ts';
import { ActButton } from './act-button.tsx';
import { Dialog } from './dialog.tsx';

type Props = {
  title: string;
  /** What will happen. */
  children: ComponentChildren;
  /** On the button that does it. */
  yes: string;
  isDangerous?: boolean;
  act: () => Promise<{ ok: true } | { ok: false; problem: Problem }>;
  /** After it was done, or not wanted. */
  onClose: () => void;
};

/** Asks before something is done that cannot be taken back. */
export function Confirm({ title, children, yes, isDangerous = false, act, onClose }: Props) {
  const actAndClose = async () => {
    const done = await act();
    if (done.ok) onClose();
    return done;
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-text">{children}</div>
      <footer>
        <button type="button" onClick={onClose} data-first>
          {frameWords.get().cancel}
        </button>
        <ActButton act={actAndClose} kind={isDangerous ? 'danger' : 'main'}>
          {yes}
        </ActButton>
      </footer>
    </Dialog>
  );
}
