import type { Way } from '../message-types.ts';
import { INBOX_BYTES } from '../names.ts';
import { PARCEL_BYTES } from '../parcel.ts';

/** One distribution at one site, as it went: `seconds` from the offer until all `nodes` had it. */
export type Outcome = {
  readonly way: Way;
  readonly sizeBytes: number;
  readonly nodes: number;
  readonly seconds: number;
};

/**
 * What is believed of a site. AMQP carries every byte once for each node: seconds = start + nodes x size / rate. A swarm carries it to the site little more
 * than once and the nodes do the rest: seconds = start + size / rate.
 */
export type SiteModel = {
  readonly amqp: Line;
  readonly swarm: Line;
  /** What was seen of sizes and numbers of nodes like these, by powers of two: it is believed before any line. */
  readonly like: Readonly<Record<string, Alike>>;
};

/** Seconds that each way took the last few times, and how many have gone the same way in a row. */
type Alike = {
  readonly amqp?: readonly number[];
  readonly swarm?: readonly number[];
  readonly last: 'amqp' | 'swarm';
  readonly inARow: number;
};

/**
 * Seconds over megabytes, as sums of what was seen: a straight line is fitted to it (least squares). Each outcome counts by its share of error, not by its seconds, so
 * that small distributions say where the line begins; and less with each later one.
 */
type Line = {
  readonly w: number;
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly xy: number;
  /** Nothing was seen yet. */
  readonly isGuess?: true;
};

const NOTHING_SEEN: Line = { w: 0, x: 0, y: 0, xx: 0, xy: 0 };
const MB = 1e6;
/** What an outcome counts after one more. */
const MEMORY = 0.85;
const LEAST_S = 0.001;
const LEAST_S_PER_MB = 1e-5;

/** As if two distributions had been seen that took this long. */
const guessed = (startS: number, bytesPerS: number): Line => ({
  ...[MB, 100 * MB].reduce((line, bytes) => seen(line, bytes, startS + bytes / bytesPerS), NOTHING_SEEN),
  isGuess: true,
});

/** An outcome that took so many times what was believed, or the same share of it, says that the line is another. */
const FAR = 2;
/** So far a line is moved by one outcome. */
const MOST_TIMES = 1_000;

/** As if all that was seen had taken so many times as long. */
const stretched = (line: Line, times: number): Line => ({
  ...line,
  w: line.w / times ** 2,
  x: line.x / times ** 2,
  y: line.y / times,
  xx: line.xx / times ** 2,
  xy: line.xy / times,
});

/**
 * What is believed after an outcome. By its share of error alone a slow one would weigh next to nothing beside a guess that was too good, and be believed after dozens; so a line that is far from
 * what was seen is first moved there: all the way when it is a guess, half of it (as a factor) later, because any one outcome may have met an accident.
 */
function taught(line: Line, bytes: number, seconds: number): Line {
  const times = Math.min(MOST_TIMES, Math.max(1 / MOST_TIMES, Math.max(LEAST_S, seconds) / secondsFor(line, bytes)));
  const isFar = times > FAR || times < 1 / FAR;
  if (line.isGuess) return seen(stretched(line, times), bytes, seconds);
  return seen(isFar ? stretched(line, Math.sqrt(times)) : line, bytes, seconds);
}

function seen({ w, x, y, xx, xy }: Line, bytes: number, seconds: number): Line {
  const [mb, s] = [bytes / MB, Math.max(LEAST_S, seconds)];
  const weight = 1 / s ** 2;
  const [keep, add] = [(sum: number) => sum * MEMORY, (value: number) => value * weight];
  return {
    w: keep(w) + add(1),
    x: keep(x) + add(mb),
    y: keep(y) + add(s),
    xx: keep(xx) + add(mb * mb),
    xy: keep(xy) + add(mb * s),
  };
}

function secondsFor({ w, x, y, xx, xy }: Line, bytes: number): number {
  const spread = w * xx - x * x;
  let perMb = spread > 1e-9 * w * xx ? (w * xy - x * y) / spread : 0;
  let startS = (y - perMb * x) / w;
  if (startS < LEAST_S) [startS, perMb] = [LEAST_S, xy / xx];
  return startS + (Math.max(LEAST_S_PER_MB, perMb) * bytes) / MB;
}

/** A gigabit, and what was seen of a broker and of a swarm on one small machine: learned away by the first few distributions. */
export const UNKNOWN_SITE: SiteModel = { amqp: guessed(0.05, 100 * MB), swarm: guessed(0.3, 80 * MB), like: {} };

/** A way that was never tried with the like is tried once when it is believed to take less than so many times as long as the other did. */
const WORTH_A_TRY = 3;
/**
 * The middle of so many is what a way is worth, and the better of two: one may have met an accident, or code that had not run yet. The best of all would speak for the way that varies more.
 */
const KEPT = 3;
const worth = (seconds: readonly number[]): number =>
  seconds.toSorted((a, b) => a - b)[(seconds.length - 1) >> 1] as number;
/**
 * The slower way is tried again after so many by the quicker, times how much slower it was: soon after its first tries, and later, because lines change, at a cost of
 * a sixteenth of all time at most.
 */
const TRIED_AGAIN_AFTER = [0, 2, 4, 16] as const;

export const amqpSeconds = ({ amqp }: SiteModel, sizeBytes: number, nodes: number): number =>
  secondsFor(amqp, nodes * sizeBytes);
export const swarmSeconds = ({ swarm }: SiteModel, sizeBytes: number): number => secondsFor(swarm, sizeBytes);

/**
 * By which way so many bytes are at so many nodes of the site first. `isBehindRelay`: a node of the site has it, and what is not small goes over the site's line no second
 * time, whatever would be quicker.
 */
export function wayFor(site: SiteModel, sizeBytes: number, nodes: number, isBehindRelay = false): Way {
  const byAmqp: Way = sizeBytes <= PARCEL_BYTES ? 'inline' : 'chunks';
  if (sizeBytes > (isBehindRelay ? PARCEL_BYTES : INBOX_BYTES)) return 'swarm';
  const alike = site.like[likeOf(sizeBytes, nodes)];
  const line = { amqp: amqpSeconds(site, sizeBytes, nodes), swarm: swarmSeconds(site, sizeBytes) };
  return chosen(alike, line) === 'swarm' ? 'swarm' : byAmqp;
}

type Seconds = { readonly amqp: number; readonly swarm: number };

function chosen(alike: Alike | undefined, line: Seconds): 'amqp' | 'swarm' {
  const taken = (of: 'amqp' | 'swarm'): number => (alike?.[of] ? worth(alike[of]) : line[of]);
  const seconds = { amqp: taken('amqp'), swarm: taken('swarm') };
  const [best, other] = seconds.swarm < seconds.amqp ? (['swarm', 'amqp'] as const) : (['amqp', 'swarm'] as const);
  const times = seconds[other] / seconds[best];
  if (alike?.[best] === undefined) return best;
  const tries = alike[other]?.length ?? 0;
  if (tries === 0) return times < WORTH_A_TRY ? other : best;
  return alike.last === best && alike.inARow >= (TRIED_AGAIN_AFTER[tries] as number) * times ? other : best;
}

const likeOf = (sizeBytes: number, nodes: number): string =>
  `${Math.floor(Math.log2(Math.max(1, sizeBytes)))} ${Math.floor(Math.log2(Math.max(1, nodes)))}`;

/** What is believed after one more distribution. An outcome that says nothing (no node, no time) changes nothing. */
export function learned(site: SiteModel, { way, sizeBytes, nodes, seconds }: Outcome): SiteModel {
  if (nodes < 1 || !(seconds > 0) || sizeBytes < 1) return site;
  const key = likeOf(sizeBytes, nodes);
  const of = way === 'swarm' ? 'swarm' : 'amqp';
  const before = site.like[key];
  const alike: Alike = {
    ...before,
    [of]: [seconds, ...(before?.[of] ?? [])].slice(0, KEPT),
    last: of,
    inARow: before?.last === of ? before.inARow + 1 : 1,
  };
  const like = { ...site.like, [key]: alike };
  if (of === 'swarm') return { ...site, swarm: taught(site.swarm, sizeBytes, seconds), like };
  return { ...site, amqp: taught(site.amqp, nodes * sizeBytes, seconds), like };
}
