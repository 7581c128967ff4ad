/**
 * How soon the overview shows something, and how soon it shows figures, in a Chromium whose processor is four times slower than this machine's: an old
 * PC. The built page (web/dist, or the folder named) is served with the made-up box from this process. Prints one JSON line; times are ms since the
 * navigation began. Settings: RUNS (5), SLOWER (4), LANGUAGE (en-US).
 */
import { join } from 'node:path';
import { argv, env } from 'node:process';
import { type Browser, chromium } from 'playwright-core';
import { serveMock } from '../../web/mock/serve.ts';

const RUNS = Number(env.RUNS ?? 5);
const SLOWER = Number(env.SLOWER ?? 4);
const LANGUAGE = env.LANGUAGE ?? 'en-US';
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];

type Run = { firstPaintMs: number; figuresMs: number; chartMs: number; kB: number };

/** Notes in the page when a thing is first on it: looked at once a frame. */
const WATCH = `
  window.seen = {};
  const look = () => {
    const mark = (name, selector) => {
      if (!(name in window.seen) && document.querySelector(selector)) window.seen[name] = performance.now();
    };
    mark('figures', '[data-figure=saved]');
    mark('chart', '.chart canvas');
    if (!('chart' in window.seen)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

/** A context of its own has an empty cache: the first visit ever. */
async function visit(browser: Browser, url: string): Promise<Run> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: LANGUAGE });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.addInitScript(WATCH);
    await page.goto(url);
    await page.locator('.chart canvas').first().waitFor();
    // The watch looks once a frame.
    await page.waitForTimeout(200);
    const told = await page.evaluate(() => ({
      paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      seen: (window as unknown as { seen: { figures: number; chart: number } }).seen,
      bytes: performance
        .getEntriesByType('resource')
        .reduce((sum, e) => sum + (e as PerformanceResourceTiming).transferSize, 0),
    }));
    return {
      firstPaintMs: Math.round(told.paint),
      figuresMs: Math.round(told.seen.figures),
      chartMs: Math.round(told.seen.chart),
      kB: Math.round(told.bytes / 1000),
    };
  } finally {
    await context.close();
  }
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

const { port, server } = await serveMock(argv[2] ?? join(import.meta.dirname, '../../web/dist'));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: ARGS });
try {
  const runs: Run[] = [];
  // The first warms this process and the browser, and is not counted.
  for (let i = 0; i <= RUNS; i++) {
    const run = await visit(browser, `http://127.0.0.1:${port}/`);
    if (i > 0) runs.push(run);
  }
  const of = (key: keyof Run) => median(runs.map((run) => run[key]));
  console.log(
    JSON.stringify({
      bench: 'first-paint',
      slower: SLOWER,
      runs: runs.length,
      firstPaintMs: of('firstPaintMs'),
      figuresMs: of('figuresMs'),
      chartMs: of('chartMs'),
      slowestFiguresMs: Math.max(...runs.map((run) => run.figuresMs)),
      kB: of('kB'),
    }),
  );
} finally {
  await browser.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
