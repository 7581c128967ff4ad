// What the page holds while it stays open, with the live figures each second, for MINUTES (default 30). VIEWS=tour (default): the list of 100,000
// torrents, one torrent and the overview by turns; VIEWS=overview: the overview alone, which nobody touches. A line of JSON each minute, and one at
// the end with the slopes: of the whole heap after forced collection, and of its parts out of heap snapshots - what scripts made, what V8 keeps of
// code and shapes, what the browser lists. FLAGS: of Chromium, such as --js-flags=--jitless, without which machine code grows as what is used often
// is compiled again. The made-up box of web/mock stands behind the real server.
import { env } from 'node:process';
import type { CDPSession, Page } from 'playwright-core';
import { startMockBox } from '../../src/admin/mock-fixtures.ts';
import { Browser, BuiltPage, DESKTOP } from '../../src/page-fixtures.ts';
import { torrents } from '../../web/mock/task-answers.ts';
import { slopeOf } from './figures.ts';
import { grown, type HeapParts, heapParts } from './heap-parts.ts';

const MINUTES = Number(env.MINUTES ?? 30);
const VIEWS = env.VIEWS ?? 'tour';
const FLAGS = env.FLAGS?.split(' ') ?? [];
/** Of a minute, how long each view is looked at, in s; the rest is the figures' own. */
const LOOK_S = 14;
/** Minutes until every view's code, words and first answers are there, and the list keeps as many pages as it ever does. */
const WARM_MINUTES = Math.min(6, Math.floor(MINUTES / 3));
/** Minutes between two heap snapshots: one takes a second or two. */
const SNAPSHOT_MINUTES = 3;
const MOST_GROWN = 12;

type Held = { minute: number; heapBytes: number; nodes: number; listeners: number; documents: number };
type Parted = { minute: number; parts: HeapParts };

/** After all that can be let go was let go. */
async function held(session: CDPSession, minute: number): Promise<Held> {
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners, documents } = await session.send('Memory.getDOMCounters');
  return { minute, heapBytes: usedSize, nodes, listeners: jsEventListeners, documents };
}

async function parted(session: CDPSession, minute: number): Promise<Parted> {
  const chunks: string[] = [];
  const take = ({ chunk }: { chunk: string }) => chunks.push(chunk);
  session.on('HeapProfiler.addHeapSnapshotChunk', take);
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  session.off('HeapProfiler.addHeapSnapshotChunk', take);
  return { minute, parts: heapParts(chunks.join('')) };
}

/** Scrolls through the whole list, a page here and there, as somebody who looks for something. */
async function leafThrough(page: Page, forS: number): Promise<void> {
  const list = page.locator('.trows');
  for (let s = 0; s < forS; s++) {
    await list.evaluate((e, at) => e.scrollTo(0, e.scrollHeight * at), ((s * 7) % forS) / forS);
    await page.waitForTimeout(1000);
  }
}

async function tour(page: Page, minute: number, go: (path: string) => Promise<void>): Promise<void> {
  await go('/torrents');
  await leafThrough(page, LOOK_S);
  await go(`/torrents/${torrents[minute % 40]?.infoHash}`);
  await page.waitForTimeout(LOOK_S * 1000);
  await go('/torrents?search=debian');
  await leafThrough(page, LOOK_S / 2);
  await go('/');
}

await using built = await BuiltPage.make();
const admin = await startMockBox({ webRoot: built.webRoot });
try {
  await using browser = await Browser.start(built.dir, { locale: 'en-US', ...DESKTOP }, FLAGS);
  const { page } = browser;
  const session = await browser.context.newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await browser.open(admin.url, '/');
  const all: Held[] = [];
  const snapshots: Parted[] = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    const endsAt = performance.now() + 60_000;
    if (VIEWS === 'tour') await tour(page, minute, (path) => browser.open(admin.url, path));
    await page.waitForTimeout(Math.max(1000, endsAt - performance.now()));
    const now = await held(session, minute);
    all.push(now);
    const isParted = minute >= WARM_MINUTES && (minute - WARM_MINUTES) % SNAPSHOT_MINUTES === 0;
    if (isParted) snapshots.push(await parted(session, minute));
    const { byName: _, ...bytes } = (isParted && snapshots.at(-1)?.parts) || { byName: undefined };
    console.log(JSON.stringify({ ...now, ...bytes }));
  }
  const warm = all.slice(WARM_MINUTES);
  const slope = (of: (h: Held) => number) => slopeOf(warm.map((h) => [h.minute, of(h)]));
  const partSlope = (of: (p: HeapParts) => number) =>
    Math.round(slopeOf(snapshots.map(({ minute, parts }) => [minute, of(parts)])));
  const [first, last] = [snapshots[0]?.parts, snapshots.at(-1)?.parts];
  console.log(
    JSON.stringify({
      views: VIEWS,
      minutes: MINUTES,
      torrents: torrents.length,
      heapBytesPerMinute: Math.round(slope((h) => h.heapBytes)),
      ownBytesPerMinute: partSlope((p) => p.ownBytes),
      engineBytesPerMinute: partSlope((p) => p.engineBytes),
      nativeBytesPerMinute: partSlope((p) => p.nativeBytes),
      nodesPerMinute: Number(slope((h) => h.nodes).toFixed(2)),
      listenersPerMinute: Number(slope((h) => h.listeners).toFixed(2)),
      warmHeapBytes: warm[0]?.heapBytes,
      lastHeapBytes: warm.at(-1)?.heapBytes,
      ...(first && last && { grown: grown(first, last, MOST_GROWN) }),
      troubles: browser.troubles,
    }),
  );
} finally {
  await admin.close();
}
