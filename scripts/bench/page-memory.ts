// What the page holds while it stays open: the list of 100,000 torrents, one torrent and the overview by turns, all of them live, for MINUTES
// (default 30). A line of JSON each minute, and one with the slope at the end. The made-up box of web/mock stands behind the real server.
import { env } from 'node:process';
import type { CDPSession, Page } from 'playwright-core';
import { startMockBox } from '../../src/admin/mock-fixtures.ts';
import { Browser, BuiltPage, DESKTOP } from '../../src/page-fixtures.ts';
import { torrents } from '../../web/mock/task-answers.ts';
import { slopeOf } from './figures.ts';

const MINUTES = Number(env.MINUTES ?? 30);
/** Of a minute, how long each view is looked at, in s; the rest is the figures' own. */
const LOOK_S = 14;
/** Minutes until every view's code, words and first answers are there. */
const WARM_MINUTES = Math.min(3, Math.floor(MINUTES / 3));

type Held = { minute: number; heapBytes: number; nodes: number; listeners: number; documents: number };

/** After all that can be let go was let go. */
async function held(session: CDPSession, minute: number): Promise<Held> {
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners, documents } = await session.send('Memory.getDOMCounters');
  return { minute, heapBytes: usedSize, nodes, listeners: jsEventListeners, documents };
}

/** Scrolls through the whole list, a page here and there, as somebody who looks for something. */
async function leafThrough(page: Page, forS: number): Promise<void> {
  const list = page.locator('.trows');
  for (let s = 0; s < forS; s++) {
    await list.evaluate((e, at) => e.scrollTo(0, e.scrollHeight * at), ((s * 7) % forS) / forS);
    await page.waitForTimeout(1000);
  }
}

await using built = await BuiltPage.make();
const admin = await startMockBox({ webRoot: built.webRoot });
try {
  await using browser = await Browser.start(built.dir, { locale: 'en-US', ...DESKTOP });
  const { page } = browser;
  const session = await browser.context.newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await browser.open(admin.url, '/');
  const go = (path: string) => browser.open(admin.url, path);
  const all: Held[] = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    const endsAt = performance.now() + 60_000;
    await go('/torrents');
    await leafThrough(page, LOOK_S);
    await go(`/torrents/${torrents[minute % 40]?.infoHash}`);
    await page.waitForTimeout(LOOK_S * 1000);
    await go('/torrents?search=debian');
    await leafThrough(page, LOOK_S / 2);
    await go('/');
    await page.waitForTimeout(Math.max(1000, endsAt - performance.now()));
    const now = await held(session, minute);
    all.push(now);
    console.log(JSON.stringify(now));
  }
  const warm = all.slice(WARM_MINUTES);
  const slope = (of: (h: Held) => number) => slopeOf(warm.map((h) => [h.minute, of(h)]));
  console.log(
    JSON.stringify({
      minutes: MINUTES,
      torrents: torrents.length,
      heapBytesPerMinute: Math.round(slope((h) => h.heapBytes)),
      nodesPerMinute: Number(slope((h) => h.nodes).toFixed(2)),
      listenersPerMinute: Number(slope((h) => h.listeners).toFixed(2)),
      warmHeapBytes: warm[0]?.heapBytes,
      lastHeapBytes: warm.at(-1)?.heapBytes,
      troubles: browser.troubles,
    }),
  );
} finally {
  await admin.close();
}
