import type { Series, Span } from '#admin/contract-figures.ts';
import { busyBox } from '#admin/fixtures.ts';
import { type Answers, MockRefusal } from './answers.ts';
import { randomFrom } from './random.ts';

const DAY_MS = 86_400_000;
const STEPS: Record<Span, { stepMs: number; count: number }> = {
  minutes: { stepMs: 5000, count: 60 },
  day: { stepMs: 300_000, count: 288 },
  month: { stepMs: 7_200_000, count: 360 },
  year: { stepMs: DAY_MS, count: 365 },
};

/** A quiet morning, a full evening, and an hour in which the box was off. */
function seriesOf(span: Span): Series {
  const { stepMs, count } = STEPS[span];
  const beganMs = Math.floor(Date.now() / stepMs - count) * stepMs;
  const random = randomFrom(count);
  const atMs = Array.from({ length: count }, (_, i) => beganMs + i * stepMs);
  const isOff = (i: number) => span !== 'minutes' && i > count * 0.31 && i < count * 0.34;
  const busy = (ms: number) => 0.25 + 0.75 * Math.max(0, Math.sin((((ms / 3_600_000) % 24) - 9) / 4.6)) ** 2;
  const column = (scale: number) =>
    atMs.map((ms, i) => (isOff(i) ? null : Math.round(scale * busy(ms) * (0.7 + random() * 0.6))));
  return {
    stepMs,
    atMs,
    wanRx: column(4e6),
    wanTx: column(2e5),
    lanRx: column(6e5),
    lanTx: column(41e6),
    served: column(34e6),
    fresh: column(25e5),
    filled: column(3e6),
    passed: column(1e6),
    clients: column(40),
  };
}

const totals = (served: number) => ({
  servedBytes: served,
  filledBytes: served * 0.12,
  passedBytes: served * 0.045,
  savedBytes: served * 0.88,
});

let historyIsOn = true;
export const setHistory = (on: boolean): void => {
  historyIsOn = on;
};

type Names =
  | 'GET /api/snapshot'
  | 'GET /api/history'
  | 'GET /api/explain'
  | 'GET /api/what-if'
  | 'GET /api/trace'
  | 'GET /api/worth'
  | 'GET /api/series'
  | 'GET /api/balance'
  | 'GET /api/clients'
  | 'GET /api/clients/history'
  | 'DELETE /api/clients/history';

export const figureAnswers: Answers<Exclude<Names, 'GET /api/snapshot' | 'GET /api/history'>> = {
  'GET /api/explain': ({ query }) =>
    query.client === '0.0.0.0'
      ? []
      : [
          {
            ...(query.client !== undefined && { client: query.client }),
            endpoint: query.endpoint ?? '203.0.113.9:6881',
            firstAtMs: Date.now() - DAY_MS,
            lastAtMs: Date.now() - 9000,
            learned: { from: 'http-tracker', infoHash: 'a'.repeat(40), atMs: Date.now() - DAY_MS },
            verdict: 'steered',
            why: 'mse-handshake',
            upBytes: 12e6,
            downBytes: 912e6,
            kernel: { steered: true, passed: false },
          },
          {
            ...(query.client !== undefined && { client: query.client }),
            endpoint: query.endpoint ?? '198.51.100.20:443',
            verdict: 'not-seen',
            why: 'not-learned',
            upBytes: 0,
            downBytes: 0,
            kernel: { steered: false, passed: true },
          },
        ],
  'GET /api/what-if': () => {
    const rules = (saved: number) => ({ boxBytes: saved * 4e12, wanBytes: (1 - saved) * 4e12, saved });
    const disk = (size: 'half' | 'same' | 'double' | 'unbounded', bytes: number, s: number) => ({
      size,
      bytes,
      rules: { current: rules(s), lru: rules(s - 0.04), source: rules(s - 0.09), best: rules(Math.min(1, s + 0.05)) },
    });
    return {
      fromMs: Date.now() - 21 * DAY_MS,
      toMs: Date.now(),
      sessions: 21_034,
      torrents: 1840,
      askedBytes: 4e12,
      differentBytes: 9.1e11,
      measured: { servedBytes: 3.1e12, fetchedBytes: 6.2e11 },
      leftOut: { lines: 0, sessions: 12 },
      disks: [
        disk('half', 5e11, 0.66),
        disk('same', 1e12, 0.74),
        disk('double', 2e12, 0.77),
        disk('unbounded', 9e12, 0.78),
      ],
      tookMs: 1400,
    };
  },
  'GET /api/trace': () => '{"at":1}\n',
  'GET /api/worth': () => ({
    today: totals(96e9),
    month: totals(2.2e12),
    all: busyBox().totals,
    hitRateToday: 0.884,
    hitRateMonth: 0.861,
  }),
  'GET /api/series': ({ query }) => seriesOf(query.span),
  'GET /api/balance': () => ({
    sinceMs: Date.now() - DAY_MS / 2,
    untilMs: Date.now(),
    servedBytes: 96e9,
    fromCacheBytes: 85e9,
    freshBytes: 11e9,
    filledBytes: 11.4e9,
    keptBytes: 0.4e9,
    passedBytes: 4e9,
    lanTxBytes: 130.7e9,
    wanRxBytes: 44e9,
    residualBytes: 2.1e9,
    residualShare: 0.016,
    isWhole: true,
  }),
  'GET /api/clients': () => ({
    connected: 34,
    connections: 61,
    ...(historyIsOn && {
      rows: Array.from({ length: 34 }, (_, i) => ({
        address: i === 5 ? 'fd00::31' : `192.168.7.${20 + i}`,
        names: i % 3 === 0 ? ['qBittorrent 5.1', '迅雷 12.4'] : ['Transmission 4.0.6'],
        connections: 1 + (i % 4),
        torrents: 1 + (i % 3),
        serveRateBytesPerS: ((i * 7919) % 11) * 9e5,
        servedBytes: ((i * 104729) % 97) * 1e9,
        sinceMs: Date.now() - i * 400_000,
      })),
    }),
    omitted: 0,
    programs: [
      { name: 'qBittorrent', connections: 31 },
      { name: '迅雷', connections: 17 },
      { name: 'Transmission', connections: 9 },
      { name: '<b>µTorrent</b>', connections: 4 },
    ],
    history: { on: historyIsOn, keepDays: 14, ...(historyIsOn && { oldestAtMs: Date.now() - 12 * DAY_MS }) },
  }),
  'GET /api/clients/history': ({ query }) => {
    if (!historyIsOn) throw new MockRefusal(409, { why: 'not-available', text: 'the history of clients is off' });
    const random = randomFrom(query.address.length);
    return {
      address: query.address,
      days: Array.from({ length: 12 }, (_, i) => ({
        dayMs: (Math.floor(Date.now() / DAY_MS) - 11 + i) * DAY_MS,
        servedBytes: random() * 60e9,
        torrents: Math.floor(random() * 9),
      })),
      torrents: Array.from({ length: 9 }, (_, i) => ({
        infoHash: 'abcdef0123'.repeat(4),
        name: `debian-${i}.iso`,
        servedBytes: random() * 9e9,
        lastAtMs: Date.now() - i * DAY_MS,
      })),
    };
  },
  'DELETE /api/clients/history': () => ({}),
};
