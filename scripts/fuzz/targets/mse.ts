import assert from 'node:assert/strict';
import { infoHashBytes } from '#base/units.ts';
import { hashOfByte } from '#wire/fixtures.ts';
import { type Ciphers, MseInitiator, MseResponder, type MseStep, SkeyTable } from '#wire/mse.ts';
import { CRYPTO, DH_BYTES, DhKey, MAX_PAD_BYTES, sha1, streamOf, VC, xor } from '#wire/mse-keys.ts';
import { assertUntouched, cut } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

/** The keys of a handshake are fresh each time, so a failing input is replayed with others. */

const HASH = hashOfByte(0xaa);
const table = new SkeyTable();
table.add(HASH);
const KNOWN = 0.7;

/** What became of a side that was fed: how it ended, and the bytes after the handshake. */
type End = { kind: 'more' | 'bad' } | { kind: 'done'; method: Ciphers['method']; rest: string };

function feed(side: { push(chunk: Buffer): MseStep }, chunks: readonly Buffer[]): End {
  for (const [i, chunk] of chunks.entries()) {
    const step = side.push(chunk);
    if (step.kind === 'bad') return { kind: 'bad' };
    if (step.kind !== 'done') continue;
    assert.equal(step.infoHash, HASH);
    const rest = [step.rest, ...chunks.slice(i + 1).map((more) => step.ciphers.decrypt(more))];
    return { kind: 'done', method: step.ciphers.method, rest: Buffer.concat(rest).toString('hex') };
  }
  return { kind: 'more' };
}

/** Fields of the encrypted part, mostly sound; the content comes from the input. */
function fields(input: Buffer, random: Random) {
  const vc = random.chance(0.9) ? VC : random.bytes(8);
  const methods = random.chance(0.8) ? random.pick([1, 2, 3]) : random.next();
  const pad = random.bytes(random.pick([0, 1, 511, 512, 513]));
  const statedPad = random.chance(0.9) ? pad.length : random.below(65_536);
  const content = input.subarray(0, random.below(input.length + 1));
  const isWhole = vc.equals(VC) && statedPad === pad.length && pad.length <= MAX_PAD_BYTES;
  return { vc, methods, pad, statedPad, content, after: input.subarray(content.length), isWhole };
}

const u32u16 = (word: number, half: number): Buffer => {
  const b = Buffer.alloc(6);
  b.writeUInt32BE(word, 0);
  b.writeUInt16BE(half, 4);
  return b;
};

const firstPad = (random: Random): Buffer => random.bytes(random.pick([0, 1, 20, 512, 513, random.below(513)]));

/** The whole of side A's words, spoken to a responder by the rules or nearly so. */
function dialResponder(input: Buffer, random: Random): void {
  const key = new DhKey();
  const responder = new MseResponder(table);
  const pad = firstPad(random);
  const first = responder.push(key.publicKey);
  assert.ok(first.kind === 'more');
  const secret = key.secret((first.send[0] as Buffer).subarray(0, DH_BYTES)) as Buffer;
  const skey = random.chance(0.9) ? HASH : hashOfByte(1);
  const out = streamOf('keyA', secret, skey);
  const { vc, methods, pad: padC, statedPad, content, after, isWhole } = fields(input, random);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  const offer = out.apply(Buffer.concat([vc, u32u16(methods, statedPad), padC, length, content]));
  const method = (methods & CRYPTO.plain) !== 0 ? 'plain' : 'rc4';
  const tail = method === 'plain' ? after : out.apply(after);
  const skeyHash = xor(sha1('req2', infoHashBytes(skey)), sha1('req3', secret));
  const said = Buffer.concat([pad, sha1('req1', secret), skeyHash, offer, tail]);
  const end = feed(responder, cut(said, random));
  const isSound = isWhole && pad.length <= MAX_PAD_BYTES && skey === HASH && (methods & 3) !== 0;
  if (isSound) assert.deepEqual(end, { kind: 'done', method, rest: input.toString('hex') });
  // Padding of another length than stated shifts what follows, which may still make sense.
  const isRefused = !vc.equals(VC) || skey !== HASH || (methods & 3) === 0 || pad.length > MAX_PAD_BYTES;
  if (isRefused || statedPad > MAX_PAD_BYTES) assert.notEqual(end.kind, 'done');
}

/** The whole of side B's words, spoken to an initiator. */
function answerInitiator(input: Buffer, random: Random): void {
  const initiator = new MseInitiator(HASH, Buffer.from('initial payload'));
  const key = new DhKey();
  const secret = key.secret(initiator.start().subarray(0, DH_BYTES)) as Buffer;
  const out = streamOf('keyB', secret, HASH);
  const pad = firstPad(random);
  const { vc, methods, pad: padD, statedPad, after, isWhole } = fields(input, random);
  const answer = out.apply(Buffer.concat([vc, u32u16(methods, statedPad), padD]));
  const tail = methods === CRYPTO.plain ? after : out.apply(after);
  const end = feed(initiator, cut(Buffer.concat([key.publicKey, pad, answer, tail]), random));
  const isSound = isWhole && pad.length <= MAX_PAD_BYTES && (methods === 1 || methods === 2);
  const method = methods === 1 ? 'plain' : 'rc4';
  if (isSound) assert.deepEqual(end, { kind: 'done', method, rest: after.toString('hex') });
}

/** Bytes that no key goes with: both sides wait or refuse, whole or in pieces. */
function feedRaw(input: Buffer, random: Random, side: () => { push(chunk: Buffer): MseStep }): void {
  assertUntouched(input, () => {
    const whole = feed(side(), [input]);
    assert.notEqual(whole.kind, 'done');
    assert.equal(feed(side(), cut(input, random)).kind, whole.kind);
  });
}

const tokens = ['\x13BitTorrent protocol', '\0'.repeat(96), '\xff'.repeat(96)];

const mseResponder: Target = {
  tokens,
  shortInputs: 400,
  run(input, random) {
    if (random.chance(KNOWN)) dialResponder(input, random);
    else feedRaw(input, random, () => new MseResponder(table));
  },
};

const mseInitiator: Target = {
  tokens,
  shortInputs: 400,
  run(input, random) {
    if (random.chance(KNOWN)) answerInitiator(input, random);
    else feedRaw(input, random, () => new MseInitiator(HASH, Buffer.alloc(0)));
  },
};

export const mseTargets = { 'mse-responder': mseResponder, 'mse-initiator': mseInitiator };
