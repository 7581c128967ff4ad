import type { TaskRowView } from '#admin/contract-tasks.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidAgo, saidBytes, saidRate, saidShare } from '../../frame/said.ts';
import { taskReasons } from '../../words/reasons.ts';
import { torrentsWords } from './words.ts';

/** Bytes per second that the page shows as 1 kB/s. */
const LEAST_RATE = 500;

// A grid that is placed by hand: of a hundred thousand rows only those in sight exist, which no table can have.
const rowAt = (index: number, isSelected: boolean) =>
  ({ role: 'row', 'aria-rowindex': index + 1, 'aria-selected': isSelected }) as const;
const CELL = { role: 'gridcell' } as const;

type Props = {
  row: TaskRowView | undefined;
  index: number;
  /** Pixels from the top of the list. */
  topPx: number;
  id: string;
  isCursor: boolean;
  isSelected: boolean;
  /** Undefined: whoever looks may not act. */
  onSelect: ((index: number, withShift: boolean) => void) | undefined;
  nowMs: number;
};

export function TaskRow({ row, index, topPx, id, isCursor, isSelected, onSelect, nowMs }: Props) {
  const words = torrentsWords.get();
  const classes = ['trow', row?.state ?? '', isCursor && 'cursor', isSelected && 'chosen'].filter(Boolean).join(' ');
  const place = { transform: `translateY(${topPx}px)` };
  if (!row)
    return (
      <div class={classes} style={place} {...rowAt(index, false)} id={id} tabIndex={-1}>
        <span class="aside" {...CELL}>
          {words.loadingRow}
        </span>
      </div>
    );
  const name = safeText(row.name, 200) || `${words.unnamed} ${row.infoHash.slice(0, 8)}`;
  const share = row.totalBytes > 0 ? row.haveBytes / row.totalBytes : 0;
  return (
    <div class={classes} style={place} {...rowAt(index, isSelected)} id={id} tabIndex={-1}>
      {onSelect && (
        <span {...CELL} class="tick-box">
          <label>
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={words.select(name)}
              checked={isSelected}
              onClick={(event) => onSelect(index, event.shiftKey)}
            />
          </label>
        </span>
      )}
      <span class="title" {...CELL}>
        <a class="name" tabIndex={-1} href={hashOf(`/torrents/${row.infoHash}`)} title={name}>
          <bdi>{name}</bdi>
        </a>
        <Marks row={row} />
      </span>
      <span class="state-of" {...CELL}>
        <b class="state">{taskReasons.get().taskState[row.state]}</b>
        <span>{saidSize(row)}</span>
        <progress value={share} max={1} aria-hidden="true" />
      </span>
      <span class="counts" {...CELL}>
        <span>{row.clients > 0 ? words.clients(row.clients) : ''}</span>
        <span>{words.served(saidBytes(row.servedBytes))}</span>
      </span>
      <span class="speed" {...CELL}>
        {row.serveRateBytesPerS >= LEAST_RATE && <span class="lan">{saidRate(row.serveRateBytesPerS)}</span>}
        {row.fillRateBytesPerS >= LEAST_RATE && <span class="wan">{saidRate(row.fillRateBytesPerS)}</span>}
      </span>
      <span class="asked" {...CELL}>
        {row.lastAskedAtMs === undefined ? '–' : saidAgo(row.lastAskedAtMs, nowMs)}
      </span>
    </div>
  );
}

function saidSize({ totalBytes, haveBytes }: TaskRowView): string {
  const words = torrentsWords.get();
  if (totalBytes <= 0) return words.sizeUnknown;
  const size = saidBytes(totalBytes);
  return haveBytes >= totalBytes ? size : words.ofSize(saidShare(haveBytes / totalBytes), size);
}

function Marks({ row }: { row: TaskRowView }) {
  const words = torrentsWords.get();
  return (
    <>
      {row.isPinned && <span class="label pinned">{words.pinned}</span>}
      {row.isBlocked && <span class="label blocked">{words.blocked}</span>}
      {row.isPrivate && <span class="label">{words.private}</span>}
    </>
  );
}
