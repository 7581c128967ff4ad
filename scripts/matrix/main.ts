/** `make matrix`: one JSON line a cell, one for the whole; exit code 1 when a cell failed. Filters: cells.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CafeRefused } from '../cafe/claim.ts';
import { until } from '../cafe/servers.ts';
import { readSettings, SettingError, type Settings } from '../cafe/settings.ts';
import { type Family, families } from '../cafe/topology.ts';
import { Cafe } from '../cafe/world.ts';
import { axes, boxLeaves, type Cell, FilterError, readCells } from './cells.ts';
import { addressOf, type CellLine, runCell, type Sources, trackersOf } from './run-cell.ts';

const complain = (text: string): void => console.error(`matrix: ${text}`);
const WARM_LIMIT_S = 120;
const FULL_LIMIT_MS = 30_000;

/**
 * The cafe's own settings, with other defaults. PCS: how many PCs of each family work beside each other. PHASE_LIMIT_S: for
 * one cell. The line is fast enough for a client that the box leaves alone; what came over it is counted for each PC.
 */
const DEFAULTS = { SIZE_MIB: '16', WAN_MBIT: '20', PCS: '2', PHASE_LIMIT_S: '90' };
const readMatrixSettings = (): Settings => readSettings({ ...DEFAULTS, ...process.env, CLIENTS: 'libtorrent' });

/** PC numbers of one family: each runs one client at a time. */
const pcsOf = (family: Family, perFamily: number): number[] =>
  Array.from({ length: perFamily }, (_, i) => families.indexOf(family) * perFamily + i + 1);

const openCafe = (s: Settings, version: Cell['version'], signal: AbortSignal): Promise<Cafe> =>
  Cafe.start(
    {
      ...s,
      seeders: ['libtorrent', 'libtorrent'],
      extras: {
        pcFamilies: families.flatMap((family) => pcsOf(family, s.clients.length).map(() => [family])),
        version,
        isolatePcs: true,
        boxIp6: true,
        tracker6: true,
        dht: true,
      },
    },
    signal,
  );

/** One cold download by way of an IPv4 tracker: from then on the box has everything. */
async function warm(cafe: Cafe): Promise<void> {
  const download = await cafe.download(1, 'libtorrent');
  await download.complete(WARM_LIMIT_S);
  await download.remove();
  const full = async () => {
    const { tasks } = await cafe.daemon.snapshot();
    return tasks.some((t) => t.state === 'complete');
  };
  await until('the box with all of the torrent', full, FULL_LIMIT_MS);
}

async function runVersion(
  version: Cell['version'],
  cells: readonly Cell[],
  s: Settings,
  signal: AbortSignal,
): Promise<CellLine[]> {
  await using cafe = await openCafe(s, version, signal);
  await cafe.daemon.start();
  const sources: Sources = {
    bare: await cafe.torrentWith('bare', []),
    ipv4: await cafe.torrentWith('ipv4', trackersOf('ipv4')),
    ipv6: await cafe.torrentWith('ipv6', trackersOf('ipv6')),
  };
  await warm(cafe);
  const lines: CellLine[] = [];
  const say = (found: CellLine): void => {
    lines.push(found);
    console.log(JSON.stringify(found));
  };
  const doubtful: { cell: Cell; pc: number; found: CellLine }[] = [];
  let guests = cafe.topology.pcs.length;
  const work = async (family: Family, pc: number, queue: Cell[]) => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) {
      signal.throwIfAborted();
      const seat = { pc, guest: ++guests };
      const found = await runCell(cell, cafe, seat, sources, s.phaseLimitS);
      if (found.result === 'failed' && boxLeaves(cell)) doubtful.push({ cell, pc, found });
      else say(found);
      if (found.result === 'failed') await explain(cafe, addressOf(family, seat));
    }
  };
  await Promise.all(
    families.flatMap((family) => {
      const queue = cells.filter((cell) => cell.family === family);
      return pcsOf(family, s.clients.length).map((pc) => work(family, pc, queue));
    }),
  );
  for (const { cell, pc, found } of doubtful) {
    signal.throwIfAborted();
    const again = () => runCell(cell, cafe, { pc, guest: ++guests }, sources, s.phaseLimitS);
    const second = await again();
    if (second.result !== 'failed') {
      say(second);
      continue;
    }
    await cafe.daemon.stop();
    const alone = await again();
    await cafe.daemon.start();
    say(alone.result === 'failed' ? { ...found, result: 'cannot', why: `without the box, too: ${found.why}` } : found);
  }
  return lines;
}

/** What the box said of a PC's flows last, for a person: the JSON lines stay clean. */
async function explain(cafe: Cafe, ip: string): Promise<void> {
  await sleep(1_000);
  const { steering } = await cafe.daemon.snapshot();
  const mine = steering.recent.filter((v) => v.client?.startsWith(ip)).slice(0, 6);
  for (const v of mine) complain(`  ${ip}: ${v.endpoint} ${v.verdict}: ${v.why}`);
  if (mine.length === 0) complain(`  ${ip}: the box has seen no flow of it`);
}

async function main(): Promise<number> {
  const ended = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ended.abort(new Error(name)));
  try {
    const cells = readCells(process.env);
    const settings = readMatrixSettings();
    const begin = performance.now();
    const lines: CellLine[] = [];
    for (const version of axes.version) {
      const mine = cells.filter((cell) => cell.version === version);
      if (mine.length > 0) lines.push(...(await runVersion(version, mine, settings, ended.signal)));
    }
    const count = (result: CellLine['result']) => lines.filter((l) => l.result === result).length;
    const [ok, failed, cannot] = [count('ok'), count('failed'), count('cannot')];
    const seconds = Math.round((performance.now() - begin) / 1000);
    console.log(JSON.stringify({ cells: lines.length, ok, failed, cannot, seconds }));
    return failed === 0 ? 0 : 1;
  } catch (error) {
    const expected = [FilterError, SettingError, CafeRefused].some((kind) => error instanceof kind);
    complain(expected ? (error as Error).message : ((error as Error).stack ?? String(error)));
    return 1;
  }
}

process.exitCode = await main();
