/** One cell: a fresh client on a PC that speaks one family, against a box that has everything. */
import { isIPv4 } from 'node:net';
import type { Ways } from '../cafe/clients/client.ts';
import { TRACKER_URLS, TRACKER_URLS6 } from '../cafe/servers.ts';
import { bytesFromLine, type Family, pcIp, pcIp6, readdress } from '../cafe/topology.ts';
import { type Cafe, dhtStart } from '../cafe/world.ts';
import { boxLeaves, type Cell, clientCannot, PROGRAMS } from './cells.ts';

/** The share of a torrent that has to come from the box. */
export const ENOUGH = 0.95;

export type CellLine = Omit<Cell, 'client'> & {
  readonly client: string;
  readonly result: 'ok' | 'failed' | 'cannot';
  readonly why?: string;
  readonly fromBoxRatio?: number;
  readonly sha1ok?: boolean;
  readonly seconds?: number;
  /** From the box: the torrent's bytes, less those that crossed the line for this PC. */
  readonly bytes?: number;
};

/** What every cell of a run shares. */
export type Sources = { readonly bare: string; readonly ipv4: string; readonly ipv6: string };

export const trackersOf = (family: Cell['family']): string[] =>
  Object.values(family === 'ipv4' ? TRACKER_URLS : TRACKER_URLS6);

function sourceOf(cell: Cell, cafe: Cafe, sources: Sources): string {
  if (cell.discovery === 'magnet') return cafe.magnetWith(trackersOf(cell.family));
  return cell.discovery === 'tracker' ? sources[cell.family] : sources.bare;
}

function waysOf(cell: Cell, { guest }: Seat): Ways {
  const { family, discovery, transport } = cell;
  const { nodes, ...start } = dhtStart(family === 'ipv6' ? pcIp6(guest) : undefined);
  const mine = nodes.filter((ip) => isIPv4(ip) === (family === 'ipv4'));
  return {
    utp: transport === 'utp',
    dht: discovery === 'dht' && { ...start, nodes: mine },
    lsd: discovery === 'lsd',
  };
}

const line = (cell: Cell, rest: Omit<CellLine, keyof Cell>): CellLine => ({
  ...cell,
  client: PROGRAMS[cell.client],
  ...rest,
});

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** The PC that runs a cell, and the number whose addresses it has meanwhile: to the box, every cell is a PC of its own. */
export type Seat = { readonly pc: number; readonly guest: number };

export const addressOf = (family: Family, { guest }: Seat): string => (family === 'ipv4' ? pcIp(guest) : pcIp6(guest));

/** Runs what can be run. A download that fails is a line, not an error. */
export async function runCell(cell: Cell, cafe: Cafe, seat: Seat, sources: Sources, limitS: number): Promise<CellLine> {
  const cannot = clientCannot(cell);
  if (cannot) return line(cell, { result: 'cannot', why: cannot });
  const { totalBytes } = cafe.payload;
  await readdress(cafe.pc(seat.pc), seat.guest, [cell.family]);
  const ip = addressOf(cell.family, seat);
  const fromLine = async () => (await bytesFromLine(cafe.topology.router)).get(ip) ?? 0;
  const before = await fromLine();
  const options = { source: sourceOf(cell, cafe, sources), encrypt: cell.encryption === 'required' };
  const download = await cafe.download(seat.pc, cell.client, { ...options, ways: waysOf(cell, seat) });
  try {
    // A client over its own uTP takes as long as it takes: Transmission 3.00 up to 70 s before its first byte, box or no box.
    const { seconds } = await download.complete(boxLeaves(cell) ? 2 * limitS : limitS);
    const wrong = await download.wrongFiles();
    const bytes = Math.max(0, totalBytes - ((await fromLine()) - before));
    const ratio = bytes / totalBytes;
    const found = { fromBoxRatio: round(ratio, 3), sha1ok: wrong.length === 0, seconds: round(seconds, 1), bytes };
    if (wrong.length > 0) return line(cell, { result: 'failed', why: `wrong: ${wrong.join(', ')}`, ...found });
    if (ratio >= ENOUGH) return line(cell, { result: 'ok', ...found });
    const left = boxLeaves(cell);
    if (left) return line(cell, { result: 'cannot', why: left, ...found });
    return line(cell, { result: 'failed', why: 'too little came from the box', ...found });
  } catch (error) {
    const why = (error as Error).message.split('\n').slice(0, 3).join(' | ');
    const bytes = Math.max(0, (await fromLine()) - before);
    return line(cell, { result: 'failed', why: `${why}; ${bytes} bytes over the line`, sha1ok: false });
  } finally {
    await download.remove();
  }
}
