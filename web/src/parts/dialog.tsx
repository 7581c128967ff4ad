import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { frameWords } from '../frame/frame-words.ts';

const CAN_FOCUS =
  'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled])';

type Props = { title: string; onClose: () => void; children: ComponentChildren };

/**
 * A question in front of the page. Made by hand: browsers of the floor (Safari 14, Firefox 85) have no <dialog>. The focus goes in, stays in, and
 * returns to where it was; Escape closes.
 */
export function Dialog({ title, onClose, children }: Props) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const element = box.current;
    (element?.querySelector<HTMLElement>('[data-first]') ?? element)?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
    if (event.key === 'Tab' && box.current) keepInside(event, box.current);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a press beside the dialog is one more way out; Escape and a button are there for everybody
    <div class="veil" role="presentation" onMouseDown={(event) => event.target === event.currentTarget && onClose()}>
      <div
        class="dialog card"
        role="dialog"
        aria-modal="true"
        aria-labelledby={id}
        tabIndex={-1}
        ref={box}
        onKeyDown={keys}
      >
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" class="quiet" onClick={onClose} aria-label={frameWords.get().close}>
            ×
          </button>
        </header>
        {children}
      </div>
    </div>
  );
}

function keepInside(event: KeyboardEvent, box: HTMLElement) {
  const all = [...box.querySelectorAll<HTMLElement>(CAN_FOCUS)];
  const [first, last] = [all[0], all[all.length - 1]];
  const now = document.activeElement;
  if (event.shiftKey && (now === first || now === box)) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && now === last) {
    event.preventDefault();
    first?.focus();
  }
}
