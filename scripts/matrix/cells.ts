/** The matrix: every way in which a real client may meet the box, and which of them its client cannot go. */
import { type ClientKind, clientKinds } from '../cafe/clients/client.ts';
import { type Family, families } from '../cafe/topology.ts';

export const axes = {
  client: clientKinds,
  /** plain: as the client comes (most offer encryption, none insists). required: it refuses plain connections. */
  encryption: ['plain', 'required'],
  /** utp: uTP and TCP, as most clients come. */
  transport: ['tcp', 'utp'],
  family: families,
  /** tracker: and nothing else; dht and lsd likewise, from a torrent file without a tracker. magnet: a link with a tracker. */
  discovery: ['tracker', 'dht', 'lsd', 'magnet'],
  version: ['v1', 'hybrid', 'v2'],
} as const;

export type Axis = keyof typeof axes;

export type Cell = {
  readonly client: ClientKind;
  readonly encryption: (typeof axes.encryption)[number];
  readonly transport: (typeof axes.transport)[number];
  readonly family: Family;
  readonly discovery: (typeof axes.discovery)[number];
  readonly version: (typeof axes.version)[number];
};

/** The programs that were measured. */
export const PROGRAMS: Readonly<Record<ClientKind, string>> = {
  transmission: 'Transmission 3.00',
  aria2: 'aria2 1.36',
  libtorrent: 'libtorrent 2.0.8',
  rtorrent: 'rtorrent 0.9.8',
};

type Reason = readonly [where: Partial<Cell>, why: string];

/** What cannot complete at all: such cells are not run. */
const CLIENT_CANNOT: readonly Reason[] = [
  [{ client: 'aria2', transport: 'utp' }, 'aria2 has no uTP'],
  [{ client: 'rtorrent', transport: 'utp' }, 'rtorrent has no uTP'],
  [{ client: 'rtorrent', discovery: 'lsd' }, 'rtorrent has no local discovery'],
  [
    { client: 'rtorrent', discovery: 'dht' },
    "rtorrent 0.9.8 misreads the peers that the DHT names: it takes the length before each, '6:', for its address, and dials 54.58.x.x",
  ],
  [{ client: 'transmission', discovery: 'lsd', family: 'ipv6' }, "Transmission's local discovery speaks IPv4 alone"],
  [{ client: 'aria2', discovery: 'lsd', family: 'ipv6' }, "aria2's local discovery speaks IPv4 alone"],
  [
    { client: 'transmission', transport: 'utp', discovery: 'lsd' },
    'its only peer here is the box, which it dials by uTP; the box does not speak that, and the fallback to TCP is broken in 3.00',
  ],
];

/** What the box leaves alone, knowing why: such cells are run, and must complete without it. */
const BOX_LEAVES: readonly Reason[] = [
  [
    { client: 'transmission', transport: 'utp' },
    'after a refused uTP Transmission 3.00 hangs up the TCP connection that it falls back to, so the box lets its uTP pass',
  ],
];

const reason = (table: readonly Reason[], cell: Cell): string | undefined =>
  table.find(([where]) => Object.entries(where).every(([axis, value]) => cell[axis as Axis] === value))?.[1];

export const clientCannot = (cell: Cell): string | undefined => reason(CLIENT_CANNOT, cell);
export const boxLeaves = (cell: Cell): string | undefined => reason(BOX_LEAVES, cell);

/** Only libtorrent 2 reads BitTorrent v2 (BEP 52): the others are measured with v1. */
const measured = (cell: Cell): boolean => cell.version === 'v1' || cell.client === 'libtorrent';

function every(picked: Record<Axis, readonly string[]>): Cell[] {
  let partial: Record<string, string>[] = [{}];
  for (const axis of Object.keys(axes) as Axis[])
    partial = partial.flatMap((cell) => picked[axis].map((value) => ({ ...cell, [axis]: value })));
  return (partial as unknown as Cell[]).filter(measured);
}

export class FilterError extends Error {}

/** Environment variable -> axis: `CLIENTS=aria2,rtorrent FAMILY=ipv6 DISCOVERY=tracker`. */
const FILTERS: Readonly<Record<Axis, string>> = {
  client: 'CLIENTS',
  encryption: 'ENCRYPTION',
  transport: 'TRANSPORT',
  family: 'FAMILY',
  discovery: 'DISCOVERY',
  version: 'VERSION',
};

/** The cells that the environment asks for; all of them when it asks for none. */
export function readCells(env: Readonly<Record<string, string | undefined>>): Cell[] {
  const picked = Object.entries(FILTERS).map(([axis, name]) => {
    const all: readonly string[] = axes[axis as Axis];
    const words = (env[name] ?? '').split(',').filter(Boolean);
    const unknown = words.find((word) => !all.includes(word));
    if (unknown) throw new FilterError(`${name}: '${unknown}' is not one of ${all.join(', ')}`);
    return [axis, words.length > 0 ? words : all];
  });
  return every(Object.fromEntries(picked) as Record<Axis, readonly string[]>);
}
