import type { Random } from '#base/seeded-random.ts';
import { MIB } from '#base/units.ts';
import type { ClientPlan, Theme } from './scenario.ts';

/** The disk is not as it should be for a while. */
export type Spell = { readonly kind: 'disk full' | 'disk fails' | 'disk slow'; readonly forMs: number };

/**
 * Every connection is reset; some of them fall silent; or all that lead outside do, as when a modem dials anew.
 */
export type Cut = 'reset all' | 'half-open' | 'line cut';

/** What goes wrong, and when: milliseconds since the beginning. */
export type Fault = { readonly atMs: number } & (
  | Spell
  | { readonly kind: 'disk gone'; readonly forMs: number }
  | { readonly kind: 'disk room'; readonly bytes: number }
  | { readonly kind: 'rot' | 'memory forgotten' | Cut }
  | { readonly kind: 'killed' | 'stopped'; readonly forMs: number; readonly losesIndex: boolean }
);

const DISK_FAULTS = [
  'disk full',
  'disk fails',
  'disk slow',
  'disk gone',
  'disk room',
  'rot',
  'rot',
  'memory forgotten',
] as const;

type Clients = readonly Pick<ClientPlan, 'arrivesMs'>[];

/** In the order of their times. */
export function faultsOf(random: Random, theme: Theme, clients: Clients): Fault[] {
  const has = (...themes: Theme[]): boolean => theme === 'all' || themes.includes(theme);
  const some = (most: number, make: () => Fault): Fault[] => Array.from({ length: random.between(1, most) }, make);
  return [
    ...(has('disk') ? some(6, () => diskFault(random, clients)) : []),
    ...(has('restart') ? some(3, () => restart(random, clients)) : []),
    ...(has('swarm', 'clients') && random.chance(0.5) ? some(3, () => cut(random, clients)) : []),
  ].sort((a, b) => a.atMs - b.atMs);
}

/** Mostly soon after a client has come, while there is something to disturb. */
function moment(random: Random, clients: Clients): number {
  if (random.chance(0.25)) return random.between(0, 60_000);
  return random.pick(clients).arrivesMs + random.below(random.pick([200, 1_500, 8_000]));
}

function diskFault(random: Random, clients: Clients): Fault {
  const atMs = moment(random, clients);
  const kind = random.pick(DISK_FAULTS);
  if (kind === 'disk room') return { kind, atMs, bytes: random.below(random.pick([100_000, MIB, 3 * MIB])) };
  if (kind === 'rot' || kind === 'memory forgotten') return { kind, atMs };
  return { kind, atMs, forMs: random.between(50, random.pick([500, 5_000, 60_000])) };
}

const restart = (random: Random, clients: Clients): Fault => ({
  kind: random.pick(['killed', 'killed', 'stopped'] as const),
  atMs: moment(random, clients),
  forMs: random.below(random.pick([500, 5_000, 20_000])),
  losesIndex: random.chance(0.1),
});

const cut = (random: Random, clients: Clients): Fault => ({
  kind: random.pick(['reset all', 'half-open', 'line cut'] as const),
  atMs: moment(random, clients),
});
