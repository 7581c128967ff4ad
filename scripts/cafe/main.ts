/** `make cafe`: the virtual cafe, its scenario, and the page, until Ctrl-C. Settings: settings.ts. */
import { CafeRefused } from './claim.ts';
import { Page, PageRefused } from './page.ts';
import { jsonLine, succeeded, table } from './report.ts';
import { Scenario } from './scenario.ts';
import { readSettings, SettingError, type Settings } from './settings.ts';
import { Cafe } from './world.ts';

const say = (line: string): void => console.log(line);
const complain = (line: string): void => console.error(`cafe: ${line}`);

/** Exit codes of a shell for a process ended by a signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

class Interrupted extends Error {
  readonly code: number;
  constructor(code: number) {
    super('interrupted');
    this.code = code;
  }
}

function onSignals(): AbortSignal {
  const ended = new AbortController();
  for (const [signal, code] of Object.entries(SIGNALS))
    process.on(signal, () => {
      if (!ended.signal.aborted) complain('cleaning up');
      ended.abort(new Interrupted(code));
    });
  // A reader of the output that goes away (`| head`) must not leave namespaces behind.
  process.stdout.on('error', () => ended.abort(new Interrupted(1)));
  return ended.signal;
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

function hint(cafe: Cafe, page: Page): string {
  const { prefix, clients } = cafe.settings;
  return [
    '',
    `It stays up until Ctrl-C. The page: http://127.0.0.1:${page.port}`,
    `A shell at PC ${clients.length}:   ip netns exec ${prefix}pc${clients.length} bash      (what runs there ends with the cafe)`,
    `One more download:  ip netns exec ${prefix}pc1 aria2c --no-conf --seed-time=0 -d /tmp/again ${cafe.payload.torrentPath}`,
    `The box's log:      tail -f ${cafe.daemon.logPath}`,
    `More PCs from the start: PCS=5 CLIENTS=aria2,transmission`,
  ].join('\n');
}

async function run(settings: Settings, signal: AbortSignal): Promise<number> {
  await using cafe = await Cafe.start({ ...settings, say }, signal);
  await using page = await Page.start(settings.pagePort, cafe.daemon.pagePath);
  say(`page: http://127.0.0.1:${page.port}`);
  say(
    `${settings.clients.length} PCs, ${(cafe.payload.totalBytes / 1e6).toFixed(1)} MB over ${settings.wanMbit} Mbit/s`,
  );
  const ended = aborted(signal);
  ended.catch(() => {});
  const findings = await Promise.race([new Scenario(cafe, say).run(signal), ended]);
  say(`\n${table(findings)}`);
  for (const trouble of findings.troubles) complain(trouble);
  if (!settings.once) {
    say(hint(cafe, page));
    await ended;
  }
  say(jsonLine(findings));
  return succeeded(findings) ? 0 : 1;
}

async function main(): Promise<number> {
  const signal = onSignals();
  try {
    return await run(readSettings(process.env), signal);
  } catch (error) {
    if (error instanceof Interrupted) return error.code;
    const expected = error instanceof SettingError || error instanceof CafeRefused || error instanceof PageRefused;
    complain(expected ? error.message : ((error as Error).stack ?? String(error)));
    return 1;
  }
}

process.exitCode = await main();
