import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { infoHashOf } from '#base/units.ts';
import { chunksOf, fuzzRuns, turn } from '../fixtures.ts';
import { encodeMessage } from '../frames.ts';
import { newPeerId } from '../handshake.ts';
import { type OriginHandler, OriginWire } from '../origin-wire.ts';
import { QvodSeeder } from './fake-seeder.ts';
import { qvodFile } from './fixtures.ts';
import { encodeQvodHandshake, newQvodPeerId } from './handshake.ts';
import { encodeUnhave } from './messages.ts';
import { QvodSpeech } from './origin-speech.ts';
import { QVOD_BLOCK_BYTES, SplitRequests } from './split-requests.ts';

const file = qvodFile(Buffer.from(Array.from({ length: 40_000 }, (_, i) => i * 7)));
const infoHash = infoHashOf(file.hash);
const CALLER = newQvodPeerId(Buffer.from('QVOD0052'));
const hello = encodeQvodHandshake({ infoHash, peerId: CALLER });

/** An OriginWire that speaks with a strict Qvod seeder. `cuts`: how what the seeder says arrives. */
function talk(cuts: readonly number[] = []) {
  const heard: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      void heard.push([name, ...args]);
  const handler = new Proxy({} as OriginHandler, { get: (_, name) => note(String(name)) });
  const [ours, theirs] = duplexPair();
  const seeder = new QvodSeeder(theirs, file);
  const speech = new QvodSpeech(hello, { metafile: note('metafile'), unhave: note('unhave'), broken: note('broken') });
  const send = (bytes: Uint8Array): void => {
    ours.write(speech.out(Buffer.from(bytes)));
  };
  const wire = new OriginWire({ infoHash, peerId: newPeerId(), send, handler });
  ours.on('data', (bytes: Buffer) => {
    for (const chunk of chunksOf(bytes, cuts)) wire.receive(speech.in(chunk));
  });
  return { heard, seeder, speech, wire, ours };
}
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await turn();
};

test('a BitTorrent wire shakes hands, asks and is answered by a Qvod peer that hears a client’s own words', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9_000 }), { maxLength: 4 }), async (cuts) => {
      const { heard, seeder, wire, ours, speech } = talk(cuts.length > 0 ? cuts : [1]);
      await settle();
      assert.equal(seeder.caller, CALLER.toString('latin1'));
      wire.interested();
      ours.write(speech.metafileRequest(infoHash));
      await settle();
      wire.request(1, 0, 16_384);
      wire.request(2, 0, 40_000 - 32_768);
      await settle();
      assert.deepEqual(seeder.offences, []);
      assert.deepEqual(seeder.requests, ['1:0', '1:8192', '2:0'], 'in blocks that Qvod serves');
      const of = (name: string) => heard.filter(([n]) => n === name).map(([, ...args]) => args);
      assert.deepEqual(of('onHandshake'), [
        [{ peerId: Buffer.from('QVOD0052AAAA5EED0000').toString('hex'), v2: false }],
      ]);
      assert.deepEqual(of('metafile'), [[file.seed]]);
      assert.equal(of('onUnchoke').length, 1);
      const blocks = of('onBlock').map(([piece, begin, data]) => [piece, begin, Buffer.from(data as Buffer)]);
      assert.deepEqual(blocks, [
        [1, 0, file.content.subarray(16_384, 32_768)],
        [2, 0, file.content.subarray(32_768)],
      ]);
      wire.close('over');
      ours.destroy();
    }),
    { numRuns: 25 },
  );
});

test('what only Qvod says is told apart from what BitTorrent means by the same numbers', async () => {
  const { heard, seeder, wire } = talk();
  await settle();
  seeder.say(14, 2);
  seeder.say(11, Buffer.from('anything'));
  seeder.say(109);
  seeder.say(9, file.hash);
  await settle();
  assert.deepEqual(
    heard.filter(([name]) => name === 'unhave' || name === 'onHaveAll' || name === 'onClosed'),
    [['unhave', 2]],
  );
  assert.equal(wire.closed, false);
});

test('a choke takes the requests back: whoever asked is told so', async () => {
  const { heard, seeder, wire } = talk();
  await settle();
  seeder.say(1);
  await settle();
  wire.request(0, 0, 16_384);
  seeder.say(0);
  await settle();
  assert.deepEqual(
    heard.filter(([name]) => name === 'onChoke'),
    [['onChoke', true]],
  );
});

test('blocks are joined whatever the order of their halves, and forgotten when taken back', () => {
  const block = { piece: 3, begin: 16_384, length: 16_000 };
  const requests = new SplitRequests();
  const parts = requests.ask(block);
  assert.deepEqual(
    parts.map((p) => [p.begin, p.length]),
    [
      [16_384, QVOD_BLOCK_BYTES],
      [16_384 + QVOD_BLOCK_BYTES, 16_000 - QVOD_BLOCK_BYTES],
    ],
  );
  const data = (part: { length: number }, byte: number) => Buffer.alloc(part.length, byte);
  const [first, second] = parts as [(typeof parts)[0], (typeof parts)[0]];
  assert.equal(requests.answer({ ...second, data: data(second, 2) }), undefined);
  assert.equal(requests.answer({ ...second, data: data(second, 9) }), undefined, 'a half comes once');
  assert.equal(requests.answer({ ...first, data: Buffer.alloc(5) }), undefined, 'a half of another length is none');
  const whole = requests.answer({ ...first, data: data(first, 1) });
  assert.deepEqual(whole?.data, Buffer.concat([data(first, 1), data(second, 2)]));
  assert.equal(requests.pending, 0);
  requests.ask(block);
  requests.answer({ ...first, data: data(first, 1) });
  assert.deepEqual(
    requests.cancel(block).map((p) => p.begin),
    [second.begin],
  );
  assert.equal(requests.pending, 0);
});

test('a peer that answers in another tongue, or with checksums, is broken once and says nothing more', () => {
  for (const spoil of [(b: Buffer) => b.write('X', 3), (b: Buffer) => b.writeUInt8(1, 20)]) {
    const why: string[] = [];
    const speech = new QvodSpeech(hello, { metafile: () => {}, unhave: () => {}, broken: (w) => why.push(w) });
    const answer = Buffer.from(hello);
    spoil(answer);
    assert.equal(speech.in(answer).length, 0);
    assert.equal(speech.in(encodeUnhave(1)).length, 0);
    assert.equal(why.length, 1);
  }
});

test('no bytes of a peer make the translation throw or grow', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
      const speech = new QvodSpeech(hello, { metafile: () => {}, unhave: () => {}, broken: () => {} });
      let bytes = speech.in(hello).length;
      for (const chunk of chunks) {
        const frame = Buffer.concat([Buffer.alloc(4), chunk]);
        frame.writeUInt32BE(chunk.length);
        bytes += speech.in(frame).length - frame.length;
        bytes += speech.in(Buffer.from(chunk)).length - chunk.length;
      }
      assert.ok(bytes <= 68 + encodeMessage({ kind: 'keep-alive' }).length);
    }),
    { numRuns: fuzzRuns },
  );
});
