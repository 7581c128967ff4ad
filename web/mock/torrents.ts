import type { TaskRowView } from '#admin/contract-tasks.ts';
import { EVIL_NAME, LONG_NAME } from '#admin/fixtures.ts';
import { hexFrom, randomFrom } from './random.ts';

const WHAT = [
  'debian',
  'ubuntu',
  'archlinux',
  'fedora',
  'kali',
  '公开课',
  '纪录片',
  'Big.Buck.Bunny',
  'Sintel',
  'openSUSE',
  '网吧游戏包',
  'Blender.Open.Movie',
];
const KIND = [
  'amd64-DVD-1.iso',
  'netinst.iso',
  'x86_64.iso',
  '第一季 全24集 [1080p]',
  '2160p.WEB',
  '更新包 v12.4',
  'server.img.xz',
  '合集',
];
const GB = 1e9;
const DAY_MS = 86_400_000;

/** So many torrents as a large cafe's box has after some years. */
export function makeTorrents(count: number, nowMs: number): TaskRowView[] {
  const random = randomFrom(7);
  return Array.from({ length: count }, (_, i) => makeTorrent(i, nowMs, random));
}

function makeTorrent(i: number, nowMs: number, random: () => number): TaskRowView {
  const r = random();
  const totalBytes = Math.round((0.2 + random() ** 3 * 60) * GB);
  const isHot = i < 40 || random() < 0.01;
  // Who is asked for is not asleep.
  const isAsleep = r >= 0.7 && r < 0.97;
  const state =
    i < 9 ? 'down' : r < 0.7 || (isAsleep && isHot) ? 'complete' : isAsleep ? 'sleep' : r < 0.99 ? 'limited' : 'down';
  const haveShare = state === 'complete' ? 1 : random();
  const clients = isHot && i !== 11 ? 1 + Math.floor(random() * 12) : 0;
  const version = `${Math.floor(random() * 30)}.${Math.floor(random() * 12)}`;
  const name = `${WHAT[Math.floor(random() * WHAT.length)]}-${version}-${KIND[Math.floor(random() * KIND.length)]}`;
  const filledBytes = Math.round(totalBytes * haveShare * (1 + random() * 0.05));
  const addedAtMs = nowMs - Math.floor(random() * 400) * DAY_MS - Math.floor(random() * DAY_MS);
  return {
    infoHash: hexFrom(random, 40),
    name: i === 3 ? EVIL_NAME : i === 5 ? LONG_NAME : i === 11 ? '' : name,
    state,
    why:
      state === 'complete'
        ? 'whole'
        : state === 'down'
          ? 'filling-on-demand'
          : state === 'limited'
            ? 'no-slot'
            : 'no-client',
    totalBytes: i === 11 ? 0 : totalBytes,
    haveBytes: i === 11 ? 0 : Math.round(totalBytes * haveShare),
    clients,
    origins: state === 'down' ? 1 + Math.floor(random() * 40) : 0,
    servedBytes: Math.round(filledBytes * random() * 14),
    filledBytes,
    serveRateBytesPerS: clients * Math.round(random() * 9e6),
    fillRateBytesPerS: state === 'down' ? Math.round(random() * 2e6) : 0,
    addedAtMs,
    ...(random() < 0.9 && { lastAskedAtMs: nowMs - Math.floor(random() * (isHot ? 60_000 : nowMs - addedAtMs)) }),
    isPinned: random() < 0.004,
    isBlocked: random() < 0.002,
    isPrivate: random() < 0.01,
  };
}
