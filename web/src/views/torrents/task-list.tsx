import { useEffect, useRef, useState } from 'preact/hooks';
import { snapshot } from '../../frame/live-box.ts';
import { go } from '../../frame/router.ts';
import { type Selection, toggled, withRange } from './selection.ts';
import type { TaskPages } from './task-pages.ts';
import { TaskRow } from './task-row.tsx';
import { scrollFor, windowOf } from './window.ts';
import { torrentsWords } from './words.ts';

/** Pixels of a row, as in torrents.css; a card on a phone. */
const ROW_PX = 58;
const CARD_PX = 104;
const PHONE = '(max-width: 760px)';

type Props = {
  pages: TaskPages;
  count: number;
  selection: Selection;
  /** Undefined: whoever looks may not act. */
  onSelection: ((change: (now: Selection) => Selection) => void) | undefined;
};

/** A list of any length: only the rows in sight exist. One stop of the tab key; arrow keys move inside. */
export function TaskList({ pages, count, selection, onSelection }: Props) {
  const words = torrentsWords.get();
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ scrollPx: 0, heightPx: 600 });
  const [rowPx, setRowPx] = useState(() => (matchMedia(PHONE).matches ? CARD_PX : ROW_PX));
  const [cursor, setCursor] = useState(0);
  const anchor = useRef(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView({ scrollPx: element.scrollTop, heightPx: element.clientHeight });
    const phone = matchMedia(PHONE);
    const turn = () => setRowPx(phone.matches ? CARD_PX : ROW_PX);
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    phone.addEventListener('change', turn);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      watch.disconnect();
      phone.removeEventListener('change', turn);
      element.removeEventListener('scroll', measure);
    };
  }, []);
  const now = windowOf(view.scrollPx, view.heightPx, rowPx, count);
  useEffect(() => pages.look(now.first, now.last), [pages, now.first, now.last]);

  const hashAt = (index: number) => pages.row(index)?.infoHash;
  const select = (index: number, withShift: boolean) => {
    const hash = hashAt(index);
    if (hash === undefined || !onSelection) return;
    const from = anchor.current;
    onSelection((now) => (withShift ? withRange(now, hashAt, from, index) : toggled(now, hash)));
    anchor.current = index;
    setCursor(index);
  };
  const move = (to: number, withShift: boolean) => {
    const next = Math.max(0, Math.min(count - 1, to));
    const px = scrollFor(next, { scrollPx: view.scrollPx, viewPx: view.heightPx, rowPx, count });
    if (px !== undefined) box.current?.scrollTo(0, px);
    if (withShift && onSelection) onSelection((chosen) => withRange(chosen, hashAt, cursor, next));
    setCursor(next);
  };
  const keys = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.heightPx / rowPx) - 1);
    const to: Record<string, number> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      PageDown: cursor + page,
      PageUp: cursor - page,
      Home: 0,
      End: count - 1,
    };
    const target = to[event.key];
    const hash = hashAt(cursor);
    if (target !== undefined) move(target, event.shiftKey);
    else if (event.key === ' ') select(cursor, event.shiftKey);
    else if (event.key === 'Escape' && onSelection) onSelection(() => new Set());
    else if (event.key === 'Enter' && hash && event.target === box.current) go(`/torrents/${hash}`);
    else return;
    event.preventDefault();
  };
  const rows = [];
  for (let index = now.first; index <= now.last; index++) {
    const row = pages.row(index);
    rows.push(
      <TaskRow
        key={index}
        id={`row-${index}`}
        row={row}
        index={index}
        topPx={index * rowPx - now.shiftPx}
        isCursor={index === cursor}
        isSelected={row !== undefined && selection.has(row.infoHash)}
        onSelect={onSelection && select}
        nowMs={snapshot.value?.nowMs ?? Date.now()}
      />,
    );
  }
  // No table: see task-row.tsx.
  const grid = {
    role: 'grid',
    'aria-rowcount': count,
    'aria-multiselectable': onSelection !== undefined,
    'aria-label': words.listKeys,
    'aria-activedescendant': count > 0 && cursor >= now.first && cursor <= now.last ? `row-${cursor}` : undefined,
    tabIndex: 0,
    onKeyDown: keys,
  } as const;
  return (
    <div class="trows" ref={box} {...grid}>
      <div class="trows-all" style={{ height: `${now.heightPx}px` }}>
        {rows}
      </div>
    </div>
  );
}
