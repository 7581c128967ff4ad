import { Random } from '#base/seeded-random.ts';
import { MIB } from '#base/units.ts';
import { LIMITS } from '#task/limits.ts';
import { partsOf } from '#task/wishes.ts';
import type { Torrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { LAN } from './fate.ts';
import { brokenNow, indexAhead } from './invariants.ts';
import type { Scenario, Theme } from './scenario.ts';
import { torrentOf } from './sim-torrents.ts';
import { Street } from './street.ts';
import { takeOver } from './takeover.ts';

const SECOND = 1_000;
/** Without the box: who has not everything by then could not have had it. */
const ALONE_MS = 900 * SECOND;
/**
 * With it: twice the time, and as long as the box may hold somebody up in vain (30 s without progress, 15 s without metainfo, each perhaps
 * twice, and a client's redials of up to a minute).
 */
const SLOWER = 2;
const HELD_UP_MS = 240 * SECOND;
const CALM_MS = 10 * SECOND;
/** Whose own doing it is when they do not get what they want. */
const OWN_FAULT: ReadonlySet<string> = new Set(['greedy', 'garbage', 'vanishing', 'idle']);
const LOOK_MS = 250;
/**
 * The share of what is wanted that is fetched, and what each connection costs beside it in bytes. Connections that are cut, liars and kills cost some of
 * it twice, and each piece that was refused was fetched in vain; where a disk loses what was had there is no bound.
 */
const MOST_FETCHED: Partial<Record<Theme, number>> = { calm: 1.05, clients: 1.2, swarm: 1.5, restart: 2 };
const OVERHEAD_BYTES = 4_000;
/** Begun of another file, before a client has shown which one it wants. */
const BEGUN_BYTES = 2 * MIB;
/** After the last client has left: one whose cable was pulled is missed after three minutes. */
const REST_MS = 200 * SECOND;
const IDLE_MS = 1_200 * SECOND;
/** Events of one run: a hundred times the usual. More, and it turns in circles. */
const MOST_EVENTS = 20_000_000;

export type Outcome = {
  readonly seed: number;
  readonly theme: Theme;
  readonly violations: readonly string[];
  /** The same for every run of the seed. */
  readonly digest: string;
  readonly simulatedS: number;
  readonly events: number;
  readonly clients: number;
  /** Clients that had everything, without the box and with it. */
  readonly alone: number;
  readonly boxed: number;
  /** Mean times of those who had everything both ways, in seconds from their arrival. */
  readonly aloneS: number;
  readonly boxedS: number;
  /** The most that one of them lost by the box: its time with it, less twice its time without. */
  readonly lateS: number;
  readonly fromBoxBytes: number;
  readonly fetchedBytes: number;
  /** What was worth fetching. */
  readonly wantedBytes: number;
  /** Events of the box's log, to see what a run has reached. */
  readonly said: ReadonlyMap<string, number>;
  readonly last: readonly string[];
};

type Times = ReadonlyMap<string, number>;

/** One scenario, first without the box and then with it. */
export async function runScenario(scenario: Scenario): Promise<Outcome> {
  const torrents = scenario.torrents.map(torrentOf);
  const alone = await inside(scenario, torrents, async (street) => {
    street.begin(false);
    await street.time.run(street.time.exactMs + ALONE_MS, () => isEverybodyDone(street));
    return timesOf(street);
  });
  return inside(scenario, torrents, (street) => runBoxed(street, alone));
}

/** Everything of the street's happens in its own time, and what breaks there is its violation. */
async function inside<T>(
  scenario: Scenario,
  torrents: readonly Torrent[],
  work: (street: Street) => Promise<T>,
): Promise<T> {
  const street = new Street(scenario, torrents);
  const giveBack = takeOver(street.time, new Random(scenario.seed, 4));
  const onBroken = (error: unknown): void =>
    street.violated(`uncaught: ${error instanceof Error ? error.stack : error}`);
  process.on('uncaughtException', onBroken).on('unhandledRejection', onBroken);
  try {
    return await work(street);
  } finally {
    process.off('uncaughtException', onBroken).off('unhandledRejection', onBroken);
    giveBack();
    street.life.dispose();
  }
}

async function runBoxed(street: Street, alone: Times): Promise<Outcome> {
  const { time, trace, scenario } = street;
  street.begin(true);
  watch(street);
  const latestMs = Math.max(
    0,
    ...scenario.clients.map((plan) => plan.arrivesMs + allowedMs(scenario, alone.get(plan.ip))),
  );
  await time.run(time.exactMs + latestMs, () => isEverybodyDone(street) || time.ran > MOST_EVENTS);
  if (time.ran > MOST_EVENTS) street.violated(`${time.ran} events: it turns in circles`);
  const boxed = timesOf(street);
  for (const { ip, habit } of scenario.clients) {
    const aloneMs = alone.get(ip);
    const boxedMs = boxed.get(ip) ?? Number.POSITIVE_INFINITY;
    if (aloneMs === undefined || OWN_FAULT.has(habit) || boxedMs <= allowedMs(scenario, aloneMs)) continue;
    if (isLuck(street, ip)) continue;
    street.violated(`${ip} needed ${seconds(aloneMs)} s without the box, and with it ${seconds(boxedMs)}`);
  }
  await end(street);
  for (const client of street.clients)
    if (client.isPrivate && client.fromBox.bytes > 0) street.violated(`${client.name} was served of a private torrent`);
  const both = [...alone].filter(([ip]) => boxed.has(ip));
  return {
    seed: scenario.seed,
    theme: scenario.theme,
    violations: street.violations,
    digest: trace.digest(),
    simulatedS: Math.round(time.elapsedMs / SECOND),
    events: time.ran,
    clients: scenario.clients.length,
    alone: alone.size,
    boxed: boxed.size,
    aloneS: meanS(both.map(([, ms]) => ms)),
    boxedS: meanS(both.map(([ip]) => boxed.get(ip) ?? 0)),
    lateS: Math.round(Math.max(0, ...both.map(([ip, ms]) => (boxed.get(ip) ?? 0) - SLOWER * ms)) / SECOND),
    fromBoxBytes: street.clients.reduce((sum, client) => sum + client.fromBox.bytes, 0),
    fetchedBytes: fetched(street),
    wantedBytes: worthFetching(street),
    said: trace.said,
    last: trace.lines,
  };
}

/** Its flows pass, as those of all private torrents; and whom it believes first among liars is chance. */
function isLuck({ clients, scenario }: Street, ip: string): boolean {
  const client = clients.find(({ plan }) => plan.ip === ip);
  const lies = scenario.origins.some(({ torrent, habit }) => habit === 'lying' && torrent === client?.plan.torrent);
  return lies && (client?.isPrivate ?? false);
}

/** Everybody leaves, the tasks go to sleep and then from memory, and the box stops. */
async function end(street: Street): Promise<void> {
  const { time, scenario } = street;
  await time.as(LAN, () => {
    for (const client of street.clients) client.leave();
  });
  await time.run(time.exactMs + REST_MS);
  if (street.life.box && street.life.box.manager.slots.free !== street.life.box.slots)
    street.violated('slots are taken though nobody is here');
  if (street.disk.lent !== 0 && scenario.theme === 'calm')
    street.violated(`${street.disk.lent} pieces were not given back`);
  if (scenario.seed % 4 === 0) await time.run(time.exactMs + IDLE_MS);
  // It may be down for a moment.
  await time.run(time.exactMs + REST_MS, () => street.life.box !== undefined);
  await street.life.stop();
  for (const box of street.life.all) for (const what of box.broken) street.violated(`${box.owner}: ${what}`);
  await time.as('watch', () => void street.disk.open(time.clock()));
  for (const what of indexAhead(street)) street.violated(what);
  checkFetchedOnce(street);
}

/** Small files are not told apart: then all of a torrent is fetched for whoever wants one of them. */
function worthFetching(street: Street): number {
  const { clients, torrents } = street;
  const small = torrents.filter(({ meta }, i) => {
    const users = clients.filter(({ plan }) => plan.torrent === i);
    return users.length > 0 && users.every(({ plan }) => plan.wants === 'one file') && partsOf(meta).length === 0;
  });
  const rest = small.reduce((sum, { meta }) => sum + meta.totalBytes / 2, 0);
  const begun = clients.some(({ plan }) => plan.wants === 'one file') ? begunBytes(street) : 0;
  return wanted(street) + rest + begun;
}

/** Who is told step by step shows only with time what it wants. */
const begunBytes = ({ scenario: { box, wanBytesPerS } }: Street): number =>
  box.steers ? Math.max(BEGUN_BYTES, (wanBytesPerS * LIMITS.unwantedAfterMs) / SECOND) : BEGUN_BYTES;

function checkFetchedOnce(street: Street): void {
  const share = MOST_FETCHED[street.scenario.theme] ?? Number.POSITIVE_INFINITY;
  const connections = street.life.all.reduce((sum, box) => sum + box.fetching.length, 0);
  const longest = Math.max(...street.torrents.map(({ meta }) => meta.pieceLength));
  const refused = (street.trace.said.get('piece refused') ?? 0) * longest;
  const most = worthFetching(street) * share + connections * OVERHEAD_BYTES + refused;
  if (fetched(street) > most)
    street.violated(`${fetched(street)} bytes were fetched, ${worthFetching(street)} were worth it`);
}

function watch(street: Street): void {
  const look = (): void => {
    for (const what of street.life.box ? brokenNow(street.life.box) : []) street.violated(what);
    street.time.after(LOOK_MS, look, 'watch');
  };
  street.time.after(LOOK_MS, look, 'watch');
}

/** All who can be expected to. */
const isEverybodyDone = ({ clients, scenario }: Street): boolean =>
  clients.length === scenario.clients.length &&
  clients.every(({ plan, doneAtMs }) => OWN_FAULT.has(plan.habit) || doneAtMs !== undefined);

/** Of those who got everything: by address, in milliseconds from their arrival. */
function timesOf({ clients, time }: Street): Times {
  const beganMs = time.exactMs - time.elapsedMs;
  const done = clients.filter((client) => client.doneAtMs !== undefined);
  return new Map(done.map(({ plan, doneAtMs = 0 }) => [plan.ip, doneAtMs - beganMs - plan.arrivesMs]));
}

const allowedMs = ({ theme }: Scenario, aloneMs: number | undefined): number =>
  aloneMs === undefined ? 0 : aloneMs * SLOWER + (theme === 'calm' ? CALM_MS : HELD_UP_MS);

const fetched = (street: Street): number => street.life.all.reduce((sum, box) => sum + box.fetchedBytes, 0);

/** Of all pieces that somebody wants, or may be thought to: who is not interested lacks them all the same. */
function wanted({ clients, torrents }: Street): number {
  const pieces = torrents.map(() => new Set<number>());
  for (const { plan, have, wantedPieces } of clients) {
    const lacked = plan.wants === 'nothing' ? Array.from({ length: have.size }, (_, piece) => piece) : wantedPieces;
    for (const piece of lacked) pieces[plan.torrent]?.add(piece);
  }
  return torrents.reduce(
    (sum, { meta }, i) => [...(pieces[i] ?? [])].reduce((bytes, piece) => bytes + pieceSize(meta, piece), sum),
    0,
  );
}

const seconds = (ms: number): string => (ms === Number.POSITIVE_INFINITY ? 'for ever' : (ms / SECOND).toFixed(1));

const meanS = (ms: readonly number[]): number =>
  ms.length === 0 ? 0 : Math.round(ms.reduce((sum, each) => sum + each, 0) / ms.length / 100) / 10;
