/**
 * The load: leeching connections against one server for a fixed time, the same for every server.
 * argv: torrent file, port, pid of the server, connections, depth, warm-up ms, window ms. Says its figures as one JSON line.
 */

import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES } from '#base/units.ts';
import { parseMetainfo } from '#wire/metainfo.ts';
import { LeechConnection } from './leech-connection.ts';

export type Leeched = { readonly MBps: number; readonly cpuSPerGiB: number };

/** Ticks of /proc/PID/stat: a hundredth of a second on every Linux. */
const TICKS_PER_S = 100;
const GIB = 1 << 30;

/** User and system time of all threads, in seconds (proc(5)); the name in brackets may hold spaces. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

const CONNECT_EVERY_MS = 5;

function fail(why: string): never {
  console.error(`leech: ${why}`);
  exit(1);
}

const [torrentPath = '', ...numbers] = argv.slice(2);
const [port = 0, pid = 0, conns = 0, depth = 0, warmUpMs = 0, windowMs = 0] = numbers.map(Number);
const parsed = parseMetainfo(readFileSync(torrentPath));
if (parsed.kind === 'bad') fail(parsed.why);
const meta = parsed.value;

// A network of its own each time: a peer may not have noticed yet that the last turn's connections are gone.
const network = `127.${randomInt(1, 255)}.${randomInt(0, 256)}`;
let blocks = 0;
const begun = Promise.withResolvers<void>();
for (let number = 0; number < conns; number++) {
  new LeechConnection({
    meta,
    port,
    number,
    of: conns,
    depth,
    address: `${network}.${number + 1}`,
    onBlock: () => {
      if (blocks++ === 0) begun.resolve();
    },
    onFault: fail,
  });
  // libtorrent's listen queue is short: a burst of connections is reset.
  await sleep(CONNECT_EVERY_MS);
}
await begun.promise;
await sleep(warmUpMs);

const before = { blocks, cpu: cpuSeconds(pid), at: performance.now() };
await sleep(windowMs);
const bytes = (blocks - before.blocks) * BLOCK_BYTES;
const seconds = (performance.now() - before.at) / 1000;
const cpu = cpuSeconds(pid) - before.cpu;
console.log(JSON.stringify({ MBps: bytes / 1e6 / seconds, cpuSPerGiB: cpu / (bytes / GIB) } satisfies Leeched));
exit(0);
