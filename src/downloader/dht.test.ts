import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type Clock, realClock } from '#base/clock.ts';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { type LogLine, logTo } from '#base/log.ts';
import { infoHashOf } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import { compactPeer } from '#wire/compact-peers.ts';
import { type Krpc, parseKrpc } from '#wire/krpc.ts';
import { Dht } from './dht.ts';
import { DHT_LIMITS } from './dht-limits.ts';

const infoHash = infoHashOf(createHash('sha1').update('torrent').digest());
const idOf = (n: number): Buffer => createHash('sha1').update(`node ${n}`).digest();
const peer = (n: number): Endpoint => ({ ip: `203.0.113.${n}`, port: 6881 });
const forever = new AbortController().signal;

type Node = { readonly at: Endpoint; readonly asked: (Krpc & { kind: 'query' })[] };
type Answer = Parameters<typeof encode>[0];

/** A node of the DHT on the loopback device, at an address of its own. */
async function startNode(t: TestContext, n: number, answer: (q: Krpc & { kind: 'query' }) => Answer): Promise<Node> {
  const udp = createSocket('udp4');
  udp.bind(0, `127.0.0.${n}`);
  await once(udp, 'listening');
  t.after(() => udp.close());
  const asked: Node['asked'] = [];
  udp.on('message', (datagram, from) => {
    const read = parseKrpc(datagram);
    assert.ok(read.kind === 'ok' && read.value.kind === 'query', 'nothing but queries is sent');
    asked.push(read.value);
    udp.send(encode({ t: read.value.transactionId, y: 'r', r: answer(read.value) }), from.port, from.address);
  });
  return { at: { ip: `127.0.0.${n}`, port: udp.address().port }, asked };
}

const compactNode = (n: number, at: Endpoint): Buffer => Buffer.concat([idOf(n), compactPeer(at) as Buffer]);

function startDht(t: TestContext, bootstrap: readonly string[], hasAddress = true, clock = realClock) {
  const lines: LogLine[] = [];
  const log = logTo((line) => lines.push(line));
  const dht = new Dht({ clock, log, bootstrap, hasAddress: (family) => hasAddress && family === 4 });
  t.after(() => dht.close());
  return { dht, lines };
}

test('from one known node it finds the peers that another one holds, and remembers both', async (t) => {
  const holder = await startNode(t, 3, () => ({ id: idOf(3), token: 'x', values: [compactPeer(peer(7)) as Buffer] }));
  const first = await startNode(t, 2, () => ({ id: idOf(2), nodes: compactNode(3, holder.at) }));
  const { dht } = startDht(t, [endpointKey(first.at)]);
  const found: Endpoint[] = [];
  assert.equal(await dht.peersOf(infoHash, (peers) => found.push(...peers), forever), true);
  assert.deepEqual(found, [peer(7)]);
  assert.equal(dht.nodes, 2);
  const [query] = holder.asked;
  assert.deepEqual([query?.method, query?.infoHash, query?.readOnly], ['get_peers', infoHash, true]);
});

test('without an address of its own it sends nothing and says so once', async (t) => {
  const node = await startNode(t, 4, () => ({ id: idOf(4) }));
  const { dht, lines } = startDht(t, [endpointKey(node.at)], false);
  for (let i = 0; i < 2; i++) assert.equal(await dht.peersOf(infoHash, () => {}, forever), false);
  assert.equal(node.asked.length, 0);
  assert.deepEqual(
    lines.map((line) => line.fields.what),
    ['rests: the box has no address of its own'],
  );
});

test('a node that somebody names is where it begins', async (t) => {
  const node = await startNode(t, 5, () => ({ id: idOf(5), values: [compactPeer(peer(9)) as Buffer] }));
  const { dht } = startDht(t, []);
  dht.addNode(node.at);
  const found: Endpoint[] = [];
  await dht.peersOf(infoHash, (peers) => found.push(...peers), forever);
  assert.deepEqual(found, [peer(9)]);
});

test('nonsense, silence and other names harm nothing; who is asked to stop stops', async (t) => {
  const odd: Answer[] = [{ id: 'short' }, { values: 5, nodes: [] }, { id: idOf(6), nodes: Buffer.alloc(25, 1) }];
  const nodes = await Promise.all(odd.map((answer, i) => startNode(t, 10 + i, () => answer)));
  const { dht } = startDht(t, [...nodes.map(({ at }) => endpointKey(at)), 'no.such.host.invalid:1', 'nonsense']);
  const found: Endpoint[] = [];
  assert.equal(await dht.peersOf(infoHash, (peers) => found.push(...peers), forever), true);
  assert.deepEqual(found, []);
  assert.equal(dht.nodes, 1, 'the one with an id');
  await dht.close();
  assert.equal(await dht.peersOf(infoHash, () => {}, forever), false);
});

test('a lookup that is asked to stop while it waits for its turn stops without trouble', async (t) => {
  const { at } = await startNode(t, 20, () => ({ id: idOf(20), nodes: Buffer.alloc(0) }));
  const asleep = Promise.withResolvers<void>();
  const standing: Clock = {
    nowMs: () => 5_000,
    sleep: (_, signal) => {
      asleep.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  const { dht } = startDht(t, [endpointKey(at)], true, standing);
  for (let i = 0; i < DHT_LIMITS.queriesPerS; i++) await dht.peersOf(infoHash, () => {}, forever);
  const stop = new AbortController();
  const waiting = dht.peersOf(infoHash, () => {}, stop.signal);
  await asleep.promise;
  stop.abort();
  assert.equal(await waiting, true);
});
