import assert from 'node:assert/strict';
import { encodeExtendedHandshake, encodeMetadata } from '#wire/extended.ts';
import { connected, HASH, Peer } from '#wire/fixtures.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake } from '#wire/handshake.ts';
import { encodeQvodHandshake } from '#wire/qvod/handshake.ts';
import { encodeMetafile, encodeUnhave } from '#wire/qvod/messages.ts';
import { QvodSpeech } from '#wire/qvod/origin-speech.ts';
import { assertSameHoweverCut, assertUntouched, cut } from '../invariants.ts';
import type { Target } from '../target.ts';
import { anyMessage, anyMessages, anyPex } from './peer-messages.ts';

/** Asked for before the peer speaks, so that blocks and rejections have something to answer. */
function ask(peer: Peer): void {
  peer.wire.interested();
  for (let piece = 0; piece < 3; piece++) peer.wire.request(piece, 0, 16_384);
  peer.wire.requestMetadata(0);
}

/** Bytes that a choked peer may make us send for each of its own: a rejection for a request. */
const SENT_TIMES = 2;
const SENT_MORE_BYTES = 4096;

async function heardFrom(chunks: readonly Buffer[], shaken: boolean): Promise<unknown[][]> {
  const peer = shaken ? await connected({ pex: true }) : new Peer();
  ask(peer);
  const heard = await peer.calls();
  for (const chunk of chunks) {
    // Nothing of a chunk is kept: the memory is another's afterwards.
    const lent = Buffer.from(chunk);
    peer.wire.receive(lent);
    lent.fill(0xee);
  }
  heard.push(...(await peer.calls()));
  peer.wire.close('the end');
  heard.push(...(await peer.calls()));
  assert.equal(heard.filter(([name]) => name === 'onClosed').length, 1);
  assert.equal(heard.at(-1)?.[0], 'onClosed', 'nothing is heard after the end');
  const said = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  assert.ok(peer.sentBytes <= SENT_TIMES * said + SENT_MORE_BYTES, `${peer.sentBytes} bytes for ${said}`);
  return heard;
}

const originWire: Target = {
  shortInputs: 2000,
  tokens: [
    '\0\0\0\x01\x01',
    '\0\0\0\x05\x04',
    '\0\0\0\x01\x0e',
    '\0\0\0\x0d\x10',
    '\0\0\0\x0d\x06',
    '\x14\0',
    '\x14\x01',
    'd1:md',
    '11:ut_metadata',
  ],
  make: (random) => {
    const extended = (id: number, payload: Buffer): Buffer => encodeMessage({ kind: 'extended', id, payload });
    const parts = Array.from({ length: 1 + random.size(6) }, () =>
      random.pick([
        () => encodeMessage(anyMessage(random)),
        () => encodeMessage({ kind: 'reject', piece: random.below(3), begin: 0, length: 16_384 }),
        () =>
          extended(0, encodeExtendedHandshake({ utMetadataId: random.below(256), metadataSize: random.size(50_000) })),
        () => extended(2, anyPex(random)),
        () => extended(1, encodeMetadata({ kind: random.pick(['request', 'reject']), piece: random.below(3) })),
      ])(),
    );
    return Buffer.concat(parts);
  },
  async run(input, random) {
    const shaken = random.chance(0.8);
    const before = Buffer.from(input);
    const whole = await heardFrom([input], shaken);
    const inPieces = await heardFrom(cut(input, random), shaken);
    assert.deepEqual(summary(inPieces), summary(whole), 'another meaning when it comes in pieces');
    assert.ok(before.equals(input), 'the input was changed');
  },
};

/** Peer ids are fresh; how a broken handshake is worded may depend on how much of it has come. */
const summary = (heard: readonly unknown[][]): unknown[] =>
  heard.map(([name, ...args]) => (name === 'onClosed' || name === 'onHandshake' ? name : [name, ...args]));

/** What a Qvod peer says after the wire has asked for a block. */
const qvodSpeech: Target = {
  tokens: [
    '\x13QVOD protocol\0\0\0\0\0\0',
    '\x13BitTorrent protocol',
    '\0\0\0\x15\x09',
    '\0\0\0\x05\x0e',
    '\0\0\0\x01\x0a',
    '\0\0\x20\x09\x07',
  ],
  maxBytes: 40_000,
  make: (random) => {
    const hello = encodeQvodHandshake({ infoHash: HASH, peerId: Buffer.alloc(20, 'Q') });
    const block = (begin: number): Buffer =>
      encodeMessage({ kind: 'piece', piece: 0, begin, data: Buffer.alloc(8192, 7) });
    const own = [encodeMetafile(random.bytes(random.size(300))), encodeUnhave(random.next()), block(0), block(8192)];
    const parts = Array.from({ length: 1 + random.size(6) }, () =>
      random.chance(0.4) ? random.pick(own) : anyMessages(random),
    );
    return Buffer.concat([hello, ...parts]);
  },
  run(input, random) {
    const hello = encodeQvodHandshake({ infoHash: HASH, peerId: Buffer.alloc(20, 'Q') });
    const said = encodeHandshake({ infoHash: HASH, peerId: Buffer.alloc(20, 'B') });
    const request = encodeMessage({ kind: 'request', piece: 0, begin: 0, length: 16_384 });
    assertUntouched(input, () =>
      assertSameHoweverCut(input, random, (chunks) => {
        const ear: string[] = [];
        const speech = new QvodSpeech(hello, {
          metafile: (seed) => void ear.push(`metafile ${seed.toString('hex')}`),
          unhave: (piece) => void ear.push(`unhave ${piece}`),
          broken: (why) => void ear.push(`broken ${why}`),
        });
        assert.ok(speech.out(said).equals(hello));
        const asked = speech.out(request);
        const heard = chunks.map((chunk) => speech.in(chunk));
        assert.ok(ear.filter((word) => word.startsWith('broken')).length <= 1);
        return { ear, asked: asked.toString('hex'), heard: Buffer.concat(heard).toString('hex') };
      }),
    );
  },
};

export const originTargets = { 'origin-wire': originWire, 'qvod-speech': qvodSpeech };
