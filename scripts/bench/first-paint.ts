/**
 * How soon the overview shows something, and how soon it shows figures, in a Chromium whose processor is four times slower than this machine's: an old
 * PC. The built page (web/dist, or the folder named) is served with the made-up box from this process. Prints one JSON line for who comes for the first
 * time and one for who was here before; times are ms since the navigation began. Settings: RUNS (5), SLOWER (4), LANGUAGE (en-US).
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { argv, env } from 'node:process';
import { serveMock } from '../../web/mock/serve.ts';
import { SlowPage } from './slow-page.ts';

const RUNS = Number(env.RUNS ?? 5);
const SLOWER = Number(env.SLOWER ?? 4);
const LANGUAGE = env.LANGUAGE ?? 'en-US';

type Run = { firstPaintMs: number; figuresMs: number; chartMs: number };

/** Notes in the page when a thing is first painted: looked at once a frame, and the frame after it. */
const WATCH = `
  window.seen = {};
  const look = () => {
    const mark = (name, selector) => {
      if (!(name in seen) && document.querySelector(selector)) seen[name] = performance.now();
    };
    mark('figures', '[data-figure=saved]');
    mark('chart', '.chart canvas');
    if (!('chart' in seen)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;
const TOLD = `({
  firstPaintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  figuresMs: seen.figures,
  chartMs: seen.chart,
})`;

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

function say(who: string, runs: readonly Run[]): void {
  const of = (key: keyof Run) => Math.round(median(runs.map((run) => run[key])));
  console.log(
    JSON.stringify({
      bench: 'first-paint',
      who,
      slower: SLOWER,
      runs: runs.length,
      firstPaintMs: of('firstPaintMs'),
      figuresMs: of('figuresMs'),
      chartMs: of('chartMs'),
      slowestFiguresMs: Math.round(Math.max(...runs.map((run) => run.figuresMs))),
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
    }),
  );
}

const { port, server } = await serveMock(argv[2] ?? join(import.meta.dirname, '../../web/dist'));
try {
  await using chromium = await SlowPage.start(LANGUAGE);
  const visit = async (context: unknown) =>
    (await chromium.visit(`http://127.0.0.1:${port}/`, {
      slower: SLOWER,
      script: WATCH,
      isDone: "'chart' in seen",
      told: TOLD,
      context,
    })) as Run;
  const [first, again]: [Run[], Run[]] = [[], []];
  // The first warms this process and the browser, and is not counted.
  for (let i = 0; i <= RUNS; i++) {
    // A context of its own has an empty cache and has kept nothing.
    const { browserContextId } = await chromium.send('Target.createBrowserContext');
    const runs = [await visit(browserContextId), await visit(browserContextId)] as const;
    await chromium.send('Target.disposeBrowserContext', { browserContextId });
    if (i === 0) continue;
    first.push(runs[0]);
    again.push(runs[1]);
  }
  say('first', first);
  say('again', again);
} finally {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
