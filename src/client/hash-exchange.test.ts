import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import type { Message } from '#wire/frames.ts';
import { parseHandshake } from '#wire/handshake.ts';
import type { HashRange } from '#wire/hash-messages.ts';
import { treesOf } from '#wire/hash-trees.ts';
import { LayerFetch } from '#wire/layer-fetch.ts';
import { madeTorrent, oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';
import { parseInfo, parseMetainfo } from '#wire/metainfo.ts';
import { layersOf } from '#wire/piece-layers.ts';
import { connectClient, type Setup, type TestStream, turn } from './fixtures.ts';

const PIECE = 2 * BLOCK_BYTES;
const { content } = oneFileTorrent(9 * PIECE + 777, PIECE);
const FILES = [
  { path: ['a'], bytes: content.subarray(0, 5 * PIECE + 333) },
  { path: ['b'], bytes: content.subarray(6 * PIECE) },
];
function torrentOf(version: 'hybrid' | 'v2'): Torrent {
  const made = madeTorrent(version, FILES, PIECE);
  const parsed = parseMetainfo(made.torrentFile);
  assert.ok(parsed.kind === 'ok');
  return { meta: parsed.value, content: made.stream };
}
const torrent = torrentOf('v2');
const aloneOf = ({ meta }: Torrent): Torrent['meta'] => {
  const alone = parseInfo(meta.infoBytes, meta.infoHash);
  assert.ok(alone.kind === 'ok');
  return alone.value;
};
const fetcher = (t = torrent): LayerFetch<string> =>
  new LayerFetch(aloneOf(t), { window: 99, stallMs: 1_000, refusedMs: 1_000 });
const asked = (t = torrent): Message[] =>
  fetcher(t)
    .ask('box', 0)
    .map((range) => ({ kind: 'hash-request', ...range }));
const hashMessages = (all: Message[]): Message[] => all.filter(({ kind }) => kind.startsWith('hash'));

class HandClock {
  ms = 1_000;
  nowMs = (): number => this.ms;
  sleep = (_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
/** A client of the torrent; `tick`: time passes, which any extended message makes the connection look at. */
async function client(setup: Setup = {}, of = torrent) {
  const clock = new HandClock();
  const made = await connectClient({ ...of }, { clock, ...setup });
  made.stream.take(true);
  const tick = async (ms: number): Promise<Message[]> => {
    clock.ms += ms;
    await made.say({ kind: 'extended', id: 99, payload: Buffer.alloc(0) });
    return hashMessages(made.stream.take());
  };
  return { ...made, tick };
}

test('a client fetches all layers from the box, and can prove them', async () => {
  const fetch = fetcher();
  const { c, stream, say } = await client();
  await say(...fetch.ask('box', 0).map((range) => ({ kind: 'hash-request' as const, ...range })));
  const steps = stream.take().map((m) => (m.kind === 'hashes' ? fetch.hashes(m, m.hashes) : assert.fail(m.kind)));
  assert.deepEqual(steps.at(-1), { kind: 'done', blob: layersOf(torrent.meta) });
  c.close('over');
});

test('what the piece layers cannot answer is rejected at once', async () => {
  const { c, stream, say } = await client();
  const [first] = asked() as [HashRange & Message];
  const below: Message = { ...first, kind: 'hash-request', baseLayer: 0 };
  await say(below);
  assert.deepEqual(stream.take(), [{ ...below, kind: 'hash-reject' }]);
  c.close('over');
});

test('a request waits for the layers, for a while', async () => {
  const { c, stream, task, say, tick } = await client({ metainfo: false });
  await say(...asked());
  assert.deepEqual(stream.take(), []);
  assert.deepEqual(await tick(10_000), []);
  task.knowsMetainfo = true;
  c.metainfoKnown();
  await turn();
  assert.deepEqual(
    hashMessages(stream.take()).map(({ kind }) => kind),
    ['hashes', 'hashes'],
  );
  c.close('over');

  const other = await client({ metainfo: false });
  await other.say(...asked());
  const rejected = await other.tick(20_000);
  assert.deepEqual(
    rejected.map(({ kind }) => kind),
    ['hash-reject', 'hash-reject'],
  );
  other.c.close('over');
});

test('requests without end: few wait, and the client is dropped', async () => {
  const { c, stream, task, say } = await client({ metainfo: false, limits: { heldHashes: 3, hashRequests: 8 } });
  const [one] = asked() as [Message];
  await say(...Array.from({ length: 8 }, () => one));
  assert.equal(hashMessages(stream.take()).length, 5);
  await say(one);
  assert.match(task.closedWhy ?? '', /hashes without end/);
  c.close('over');
});

test('a client that has the layers gives them to a task that lacks them', async () => {
  const { c, stream, task, say, tick } = await client({ metainfo: false, limits: { layerWindow: 1 } });
  task.torrent.meta = aloneOf(torrent);
  task.wantsLayers = true;
  for (let rounds = 0; task.offeredLayers === undefined && rounds < 10; rounds++) {
    const requests = rounds === 0 ? await tick(0) : hashMessages(stream.take());
    assert.equal(requests.length, 1, 'one at a time');
    const range = requests[0] as HashRange & Message;
    await say({ ...range, kind: 'hashes', hashes: treesOf(torrent.meta).answer(range) as Buffer });
  }
  assert.deepEqual(task.offeredLayers, layersOf(torrent.meta));
  c.close('over');
});

test('a client that lies about hashes is not asked again; one that rejects is, later', async () => {
  const setup = async () => {
    const it = await client({ metainfo: false });
    it.task.torrent.meta = aloneOf(torrent);
    it.task.wantsLayers = true;
    return { ...it, requests: await it.tick(0) };
  };
  const liar = await setup();
  const range = liar.requests[0] as HashRange & Message;
  await liar.say({ ...range, kind: 'hashes', hashes: Buffer.alloc(64) });
  assert.deepEqual(await liar.tick(100_000), []);
  assert.equal(liar.task.offeredLayers, undefined);
  liar.c.close('over');
  const late = await setup();
  await late.say(...late.requests.map((m): Message => ({ ...(m as HashRange & Message), kind: 'hash-reject' })));
  assert.deepEqual(await late.tick(1_000), []);
  assert.equal((await late.tick(30_000)).length, 2);
  late.c.close('over');
});

test('of a hybrid only a client that knows v2 is asked; who offers to upgrade is, once there are hashes to give', async () => {
  const hybrid = torrentOf('hybrid');
  const [v1, v2] = hybrid.meta.ids as [typeof hybrid.meta.infoHash, typeof hybrid.meta.infoHash];
  const hears = (stream: TestStream) => {
    const hello = parseHandshake(stream.writes[0] as Buffer);
    return hello.kind === 'ok' && hello.value.infoHash;
  };
  for (const [hands, heard, isAsked] of [
    [{ infoHash: v1 }, v1, false],
    [{ infoHash: v1, v2: true }, v2, true],
    [{ infoHash: v2 }, v2, true],
  ] as const) {
    const { c, stream, task, say } = await connectClient(hybrid, { hands });
    assert.equal(hears(stream), heard);
    stream.take(true);
    task.wantsLayers = true;
    await say({ kind: 'extended', id: 99, payload: Buffer.alloc(0) });
    assert.equal(
      stream.take().some(({ kind }) => kind === 'hash-request'),
      isAsked,
    );
    c.close('over');
  }
  const { c, stream } = await connectClient(
    { ...hybrid, meta: aloneOf(hybrid) },
    { hands: { infoHash: v1, v2: true } },
  );
  assert.equal(hears(stream), v1);
  c.close('over');
});

test('a client that asks for a hybrid’s hashes gets blocks once it has asked for all of them', async () => {
  const woken: (() => void)[] = [];
  const clock = { ms: 1_000, nowMs: () => clock.ms, sleep: () => new Promise<void>((wake) => woken.push(wake)) };
  const pass = async (ms: number): Promise<void> => {
    clock.ms += ms;
    for (const wake of woken.splice(0)) wake();
    await turn();
  };
  const kinds = (stream: TestStream): string[] => stream.take().map(({ kind }) => kind);
  const hybrid = torrentOf('hybrid');
  const { c, stream, say } = await client({ clock, limits: { hashQuietMs: 250 } }, hybrid);
  const [one, two] = asked(hybrid) as [Message, Message];
  await say(one, { kind: 'interested' });
  assert.deepEqual(kinds(stream), ['hashes']);
  await pass(200);
  await say(two, { kind: 'not-interested' }, { kind: 'interested' });
  await pass(50);
  assert.deepEqual(kinds(stream), ['hashes']);
  await pass(200);
  assert.deepEqual(kinds(stream), ['unchoke']);
  c.close('over');

  for (const [of, first] of [
    [hybrid, []],
    [torrent, asked()],
  ] as const) {
    const other = await client({ clock }, of);
    await other.say(...first, { kind: 'interested' });
    assert.deepEqual(kinds(other.stream).at(-1), 'unchoke', `${of.meta.version}: at once`);
    other.c.close('over');
  }
});
