import type { BoxSnapshot, RateSample, SteerView, TaskView } from '#admin/contract.ts';
import { busyBox, emptyBox } from '#admin/fixtures.ts';
import type { Answers } from './answers.ts';
import { orders, torrents } from './task-answers.ts';

const startedAtMs = Date.now() - 3 * 86_400_000;
const wave = (ms: number, periodMs: number) => 0.5 + 0.5 * Math.sin((ms / periodMs) * 2 * Math.PI);
const wanAt = (ms: number) => 1.2e6 + 1.1e6 * wave(ms, 47_000) + 4e5 * wave(ms, 9000);
const lanAt = (ms: number) => 24e6 + 15e6 * wave(ms, 61_000) + 6e6 * wave(ms, 13_000);

export let isEmpty = false;
export const setEmpty = (empty: boolean): void => {
  isEmpty = empty;
};

/** The box as it is now: rates go up and down, what was saved grows, decisions come in. */
export function snapshotNow(): BoxSnapshot {
  const nowMs = Date.now();
  if (isEmpty) return emptyBox({ nowMs });
  const base = busyBox();
  const [wan, lan] = [wanAt(nowMs), lanAt(nowMs)];
  const grown = (nowMs - startedAtMs) * 24e3;
  const hot = torrents.slice(0, 30).filter((row) => row.clients > 0);
  const tasks = hot.map(
    (row): TaskView => ({
      ...(base.tasks[0] as TaskView),
      ...row,
      pieces: Math.round(row.haveBytes / 4e6),
      pieceCount: Math.round(row.totalBytes / 4e6),
      clients: base.tasks[0]?.clients.slice(0, row.clients) ?? [],
      origins: row.state === 'down' ? (base.tasks[0]?.origins ?? []) : [],
      serveRateBytesPerS: row.serveRateBytesPerS * (0.7 + 0.6 * wave(nowMs + row.totalBytes, 21_000)),
      ...(row.clients > 3 && { omitted: { clients: row.clients - 3, origins: 0 } }),
    }),
  );
  return {
    ...base,
    startedAtMs,
    nowMs,
    wan: { rxBytesPerS: wan, txBytesPerS: 64_000 },
    lan: { rxBytesPerS: 310_000, txBytesPerS: lan },
    totals: { servedBytes: 1.9e12 + grown, filledBytes: 2.2e11, passedBytes: 8.6e10, savedBytes: 1.68e12 + grown },
    memoryCache: { bytes: 812e6, limitBytes: 1.07e9 },
    uplink: { why: 'free', dayBytes: 15e9, dayPrefillBytes: 4e9, dayLimitBytes: 80e9, queueMs: 4, wastes: false },
    fleet: { state: 'joined', name: 'cafe-12', site: 'east', whole: 3, taking: 1 },
    prefill: { held: 'window-shut', waiting: orders.length, orders },
    tasks,
    omittedTasks: torrents.length - tasks.length,
    steering: { ...base.steering, recent: decisions(nowMs, base.steering.recent) },
    warnings: [
      { code: 'disk-worn', severity: 'warn', detail: { path: '/srv/cache2', name: 'nvme0n1' } },
      { code: 'disk-gone', severity: 'bad', detail: { path: '/srv/cache3' } },
    ],
  };
}

/** One every three seconds, newest first. */
function decisions(nowMs: number, kinds: readonly SteerView[]): SteerView[] {
  const latest = Math.floor(nowMs / 3000);
  return Array.from({ length: 60 }, (_, i) => ({
    ...(kinds[(latest - i) % kinds.length] as SteerView),
    atMs: (latest - i) * 3000,
    client: `192.168.7.${20 + ((latest - i) % 30)}`,
  }));
}

export const historyNow = (): RateSample[] => {
  const nowMs = Date.now();
  if (isEmpty) return [];
  return Array.from({ length: 299 }, (_, i) => nowMs - (300 - i) * 1000).map((ms) => [ms, wanAt(ms), lanAt(ms)]);
};

export const liveAnswers: Answers<
  'GET /api/snapshot' | 'GET /api/history' | 'GET /api/health' | 'GET /api/openapi.json' | 'GET /metrics'
> = {
  'GET /api/snapshot': snapshotNow,
  'GET /api/history': historyNow,
  'GET /api/health': () => ({ ok: true, version: '0.1.0', steering: 'armed' }),
  'GET /api/openapi.json': () => '{}',
  'GET /metrics': () => '',
};
