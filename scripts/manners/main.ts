/**
 * `make manners`: twelve clients fetch six torrents through a box on a slow line; beside them a user downloads something else, and pings. Without the box's
 * manners and with them, one JSON line each. `pingRiseMs`: above the empty line's, while the box fills and the user does nothing else.
 */
import { env } from 'node:process';
import type { ClientKind } from '../cafe/clients/client.ts';
import { Cafe } from '../cafe/world.ts';
import { holds, httpRate, lineBytesBut, moreTorrents, pingMs, startServer } from './beside.ts';

const WAN_MBIT = 10;
const TORRENTS = 6;
const CLIENTS = 12;
/** His machine; nothing else runs there. */
const USER = CLIENTS + 1;
const TORRENT_BYTES = 7 << 20;
const ALONE_S = 10;
const BESIDE_S = 15;
const LIMIT_S = 240;
const KINDS: readonly ClientKind[] = ['transmission', 'aria2', 'libtorrent'];
/** How the seeders and the server send. Reno fills the line's queue, as most of the internet does; `bbr` keeps it short by itself. */
const CONGESTION = env.CONGESTION ?? 'reno';

const kindOf = (client: number): ClientKind =>
  KINDS[(client + Math.floor(client / TORRENTS)) % KINDS.length] as ClientKind;
const rounded = (value: number): number => Number(value.toFixed(3));

async function run(isPolite: boolean): Promise<Record<string, unknown>> {
  await using cafe = await Cafe.start({
    prefix: env.CAFE_PREFIX ?? 'swarmbox-manners-',
    sizeMib: 1,
    wanMbit: WAN_MBIT,
    clients: Array.from({ length: USER }, (_, i) => kindOf(i)),
    seeders: Array.from({ length: TORRENTS }, () => 'libtorrent' as const),
    daemonConfig: { uplink: { yield: isPolite } },
  });
  await cafe.killSeeders();
  for (const place of [cafe.topology.inet, ...cafe.topology.seeds])
    await place.sysctl(`net.ipv4.tcp_congestion_control=${CONGESTION}`);
  const payloads = await moreTorrents(cafe, {
    name: 'torrent',
    count: TORRENTS,
    totalBytes: TORRENT_BYTES,
    firstSeed: 1,
  });
  await startServer(cafe);
  const idleMs = await pingMs(cafe, USER, 3);
  const [aloneRate, aloneMs] = await Promise.all([httpRate(cafe, USER, ALONE_S), pingMs(cafe, USER, ALONE_S)]);
  await cafe.daemon.start();
  const before = await lineBytesBut(cafe, USER);
  const beginMs = performance.now();
  const downloads = [];
  for (let i = 0; i < CLIENTS; i++) {
    const payload = payloads[i % TORRENTS];
    if (payload) downloads.push(await cafe.download(i + 1, kindOf(i), { payload }));
  }
  const done = Promise.all(downloads.map((download) => download.complete(LIMIT_S)));
  done.catch(() => {});
  await holds(cafe, payloads, 0.05);
  const fillMs = await pingMs(cafe, USER, ALONE_S);
  const [besideRate, besideMs] = await Promise.all([httpRate(cafe, USER, BESIDE_S), pingMs(cafe, USER, BESIDE_S)]);
  await holds(cafe, payloads, 1, LIMIT_S * 1000);
  const filledS = (performance.now() - beginMs) / 1000;
  await done;
  const wrong = (await Promise.all(downloads.map((download) => download.wrongFiles()))).flat();
  const lineBytes = (await lineBytesBut(cafe, USER)) - before;
  return {
    yield: isPolite,
    congestion: CONGESTION,
    httpShare: rounded(besideRate / aloneRate),
    pingRiseMs: rounded(fillMs - idleMs),
    wanBytesPerDistinct: rounded(lineBytes / (TORRENTS * TORRENT_BYTES)),
    filledS: rounded(filledS),
    allClientsS: rounded((performance.now() - beginMs) / 1000),
    pingMs: { idle: rounded(idleMs), http: rounded(aloneMs), fill: rounded(fillMs), httpAndFill: rounded(besideMs) },
    httpAloneMBps: rounded(aloneRate / 1e6),
    filesWrong: wrong.length,
  };
}

const modes = env.ONLY ? [env.ONLY === 'on'] : [false, true];
for (const isPolite of modes) console.log(JSON.stringify(await run(isPolite)));
