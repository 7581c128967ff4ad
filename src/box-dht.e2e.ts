/** A torrent without a tracker: its peers are known from the DHT alone, over IPv4 and over IPv6, and uTP is refused over both. */
import assert from 'node:assert/strict';
import { execPath } from 'node:process';
import { test } from 'node:test';
import type { ExplainView } from '#admin/contract.ts';
import { endpointKey } from '#base/endpoint.ts';
import { encode } from '#wire/bencode.ts';
import { parseKrpc } from '#wire/krpc.ts';
import { DHT_NODES, DHT_PORT } from '../scripts/cafe/dht.ts';
import { until } from '../scripts/cafe/servers.ts';
import { type Family, pcIp, pcIp6, seedIp, seedIp6 } from '../scripts/cafe/topology.ts';
import { type Cafe, dhtStart } from '../scripts/cafe/world.ts';
import { inCafe, options, snapshot, wanDuring } from './box-fixtures.ts';

const LIMIT_S = 120;
const SEED_PORT = 6881;

/** Sends a uTP SYN (BEP 29) and tells what comes back within its time, in hexadecimal. */
const UTP_SYN = `
const [ip, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(ip.includes(':') ? 'udp6' : 'udp4');
const end = (text) => { console.log(text); process.exit(0); };
socket.on('message', (m, from) => end(m.toString('hex') + ' ' + from.address + ' ' + from.port));
const syn = Buffer.alloc(20);
syn.writeUInt16BE(0x4100, 0);
syn.writeUInt16BE(0x4711, 2);
syn.writeUInt16BE(0x1234, 16);
socket.send(syn, Number(port), ip);
setTimeout(() => end('nothing'), 3000);`;

/** Asks a DHT node for peers (BEP 5) and tells its answer, in hexadecimal. */
const GET_PEERS = `
const [ip, port, query] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(ip.includes(':') ? 'udp6' : 'udp4');
const end = (text) => { console.log(text); process.exit(0); };
socket.on('message', (m) => end(m.toString('hex')));
socket.send(Buffer.from(query, 'hex'), Number(port), ip);
setTimeout(() => end(''), 1000);`;

/** Waits until the seeder stands in the DHT: before that it may find the client there, and not the other way round. */
async function seederIsKnown(cafe: Cafe, family: Family, seed: string): Promise<void> {
  const info_hash = Buffer.from(cafe.payload.infoHash, 'hex');
  const query = encode({ a: { id: Buffer.alloc(20, 1), info_hash }, q: 'get_peers', t: 'aa', y: 'q' }).toString('hex');
  const names = async (node: string): Promise<boolean> => {
    let answer = '';
    const argv = [execPath, '-e', GET_PEERS, node, String(DHT_PORT), query];
    await cafe.spawn(cafe.topology.inet, argv, (line) => {
      answer = line;
    }).exited;
    const krpc = parseKrpc(Buffer.from(answer, 'hex'));
    return krpc.kind === 'ok' && krpc.value.kind === 'response' && krpc.value.peers.some((peer) => peer.ip === seed);
  };
  const known = async () => (await Promise.all(DHT_NODES[family].map(names))).filter(Boolean).length >= 4;
  await until('the seeder in the DHT', known, LIMIT_S * 1000);
}

async function utpAnswer(cafe: Cafe, ip: string): Promise<string> {
  let said = '';
  const child = cafe.spawn(cafe.pc(1), [execPath, '-e', UTP_SYN, ip, String(SEED_PORT)], (line) => {
    said ||= line;
  });
  await child.exited;
  return said;
}

/** A seeder may dial a client through the hole that the client's own DHT queries made. Such a flow is not the box's to steer. */
const NO_UTP_FROM_OUTSIDE = `
table inet quiet {
  chain in { type filter hook forward priority -10; policy accept; iifname "wan" udp length 28 @th,64,8 0x41 drop; }
}`;

async function throughDht(cafe: Cafe, family: Family): Promise<void> {
  const { totalBytes, infoHash } = cafe.payload;
  const v6 = family === 'ipv6';
  const seed = v6 ? seedIp6(1) : seedIp(1);
  const client = (pc: number): string => (v6 ? pcIp6(pc) : pcIp(pc));
  await cafe.topology.router.run(['nft', '-f', '-'], NO_UTP_FROM_OUTSIDE);
  await cafe.daemon.start();
  await seederIsKnown(cafe, family, seed);
  const source = await cafe.torrentWith('trackerless', []);
  const fetchOn = async (pc: number): Promise<void> => {
    const download = await cafe.download(pc, 'libtorrent', { source, ways: { dht: dhtStart(), lsd: false } });
    await download.complete(LIMIT_S);
    assert.deepEqual(await download.wrongFiles(), []);
    await download.remove();
  };
  const cold = await wanDuring(cafe, () => fetchOn(1));
  assert.ok(cold <= 1.15 * totalBytes, `cold: ${cold} bytes came in for ${totalBytes}`);
  const endpoint = endpointKey({ ip: seed, port: SEED_PORT });
  const ofSeed = (await snapshot(cafe)).steering.recent.filter((v) => v.endpoint === endpoint).reverse();
  const said = ofSeed.map((v) => `${v.verdict} ${v.why}`);
  assert.equal(said[0], 'learned dht', `known before anybody dialled it: ${said.join(', ')}`);
  const steered = ofSeed.find((v) => v.verdict === 'steered');
  assert.deepEqual([steered?.client, steered?.infoHash], [client(1), infoHash], said.join(', '));
  assert.ok(!said.some((text) => /spliced|refused/.test(text)), said.join(', '));
  assert.ok((await snapshot(cafe)).totals.servedBytes >= totalBytes, 'the box served it all');

  const warm = await wanDuring(cafe, () => fetchOn(2));
  assert.ok(warm < 0.1 * totalBytes, `warm: ${warm} bytes came in for ${totalBytes}`);

  const path = `/api/explain?client=${client(2)}&endpoint=${encodeURIComponent(endpoint)}`;
  const [told] = (await cafe.daemon.get(path)) as ExplainView[];
  assert.deepEqual([told?.verdict, told?.learned?.from, told?.learned?.infoHash], ['steered', 'dht', infoHash]);
  assert.deepEqual(told?.kernel, { steered: true, passed: false });
  assert.ok((told?.downBytes ?? 0) > 0 && (told?.upBytes ?? 0) > 0);

  assert.match(await utpAnswer(cafe, seed), new RegExp(`^31004711.{24}....1234 ${seed} ${SEED_PORT}$`));
  assert.equal((await cafe.daemon.stop())?.code, 0);
}

for (const family of ['ipv4', 'ipv6'] as const)
  test(`peers that only the DHT names are steered before a client hears of them (${family})`, options, () =>
    inCafe(
      `dht-${family}`,
      {
        sizeMib: 4,
        wanMbit: 50,
        clients: ['libtorrent', 'libtorrent'],
        seeders: ['libtorrent'],
        extras: { dht: true, isolatePcs: true, pcFamilies: [[family], [family]] },
        // The box as a neighbour would be a second way in.
        daemonConfig: { localPeer: { enabled: false, port: 6881 } },
      },
      (cafe) => throughDht(cafe, family),
    ),
  );
