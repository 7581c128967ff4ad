/** An ordinary user beside a box that fills: how fast his download is, and how long his packets travel. */
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ClientRun } from '../cafe/clients/client.ts';
import { libtorrent } from '../cafe/clients/libtorrent.ts';
import { makePayload, type Payload } from '../cafe/payload.ts';
import { scrape, TRACKER_URLS, until } from '../cafe/servers.ts';
import { bytesFromLine, pcIp, SERVER_IP } from '../cafe/topology.ts';
import type { Cafe } from '../cafe/world.ts';

const PORT = 8081;
const PIECE_BYTES = 256 * 1024;
const script = fileURLToPath(new URL('./http-user.ts', import.meta.url));

/** Torrents beside the cafe's own, each with a seeder on a machine of its own: the first one's is `firstSeed`. The cafe's own seeders must be gone. */
export async function moreTorrents(
  cafe: Cafe,
  o: { readonly name: string; readonly count: number; readonly totalBytes: number; readonly firstSeed: number },
): Promise<Payload[]> {
  const payloads: Payload[] = [];
  for (let i = 0; i < o.count; i++) {
    const payload = await makePayload({
      dir: join(cafe.dir, `${o.name}-${i}`),
      totalBytes: o.totalBytes,
      pieceBytes: PIECE_BYTES,
      seed: `${o.name} ${i}`,
      trackers: Object.values(TRACKER_URLS),
    });
    await cafe.tracker.admit(payload.infoHash);
    payloads.push(payload);
  }
  await Promise.all(payloads.map((payload, i) => seed(cafe, payload, o.firstSeed + i)));
  return payloads;
}

async function seed(cafe: Cafe, payload: Payload, number: number): Promise<void> {
  const place = cafe.topology.seeds[number - 1];
  if (!place) throw new RangeError(`there is no machine for seeder ${number}`);
  const home = join(cafe.dir, `seed-${number}`);
  const o = { source: payload.torrentPath, dir: payload.dir, home, encrypt: false, seed: true };
  const { child } = await ClientRun.start(libtorrent, o, {
    place,
    processes: cafe.processes,
    name: `seeder ${number}`,
  });
  const named = async () => (await scrape(cafe.topology.inet, TRACKER_URLS.http, payload.infoHash)) === 1;
  await until(child.name, named, 30_000, child);
}

/** What `httpRate` reads from. */
export async function startServer(cafe: Cafe): Promise<void> {
  let ready = false;
  const child = cafe.spawn(cafe.topology.inet, [execPath, script, 'serve', SERVER_IP, String(PORT)], (line) => {
    ready ||= line === 'ready';
  });
  await until('the server', async () => ready, 20_000, child);
}

/** Waits until the box holds this share of the torrents together. */
export async function holds(cafe: Cafe, payloads: readonly Payload[], share: number, limitMs = 60_000): Promise<void> {
  const ids = new Set(payloads.map(({ infoHash }) => infoHash));
  const totalBytes = payloads.reduce((sum, p) => sum + p.totalBytes, 0);
  const enough = async () => {
    const { tasks } = await cafe.daemon.snapshot();
    const haveBytes = tasks.filter((t) => ids.has(t.infoHash)).reduce((sum, t) => sum + t.haveBytes, 0);
    return haveBytes >= share * totalBytes;
  };
  await until(`the box with ${share} of the torrents`, enough, limitMs);
}

/** Bytes per second that PC `pc` gets of a file without an end. */
export async function httpRate(cafe: Cafe, pc: number, seconds: number): Promise<number> {
  let said = '';
  const url = `http://${SERVER_IP}:${PORT}/`;
  const child = cafe.spawn(cafe.pc(pc), [execPath, script, 'fetch', url, String(seconds)], (line) => {
    said = line;
  });
  await child.exited;
  if (said === '') throw new Error(`no answer from ${url}\n${await child.tail()}`);
  const got = JSON.parse(said) as { bytes: number; seconds: number };
  return got.bytes / got.seconds;
}

/** The mean round trip from PC `pc` through the box to the internet, in milliseconds. */
export async function pingMs(cafe: Cafe, pc: number, seconds: number): Promise<number> {
  const times: number[] = [];
  const argv = ['ping', '-n', '-i', '0.1', '-w', String(seconds), SERVER_IP];
  const child = cafe.spawn(cafe.pc(pc), argv, (line) => {
    const time = / time=([\d.]+) ms/.exec(line);
    if (time) times.push(Number(time[1]));
  });
  await child.exited;
  if (times.length === 0) throw new Error(`no answer to a ping\n${await child.tail()}`);
  return times.reduce((sum, ms) => sum + ms, 0) / times.length;
}

/** Bytes that the line brought for all but PC `pc`. */
export async function lineBytesBut(cafe: Cafe, pc: number): Promise<number> {
  let sum = 0;
  for (const [ip, bytes] of await bytesFromLine(cafe.topology.router)) if (ip !== pcIp(pc)) sum += bytes;
  return sum;
}
