import assert from 'node:assert/strict';
import { Recogniser } from '#entry/recogniser.ts';
import { hashOfByte } from '#wire/fixtures.ts';
import { DatagramClassifier, StreamClassifier } from '#wire/flow-classifier.ts';
import { encodeHandshake, HANDSHAKE_BYTES, looksLikeHandshake, parseHandshake } from '#wire/handshake.ts';
import { encodeQvodHandshake, looksLikeQvod, parseQvodHandshake, qvodVersionOf } from '#wire/qvod/handshake.ts';
import { qvodDatagram } from '#wire/qvod/udp.ts';
import { encodeUtpReset, parseUtpSyn } from '#wire/utp.ts';
import { assertSameHoweverCut, assertUntouched, cut } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const NAMES = ['\x13BitTorrent protocol', '\x13QVOD protocol\0\0\0\0\0\0', '\x0eSwarm protocol', '\x16\x03\x01'];

const anyHandshake = (random: Random): Buffer => {
  const o = { infoHash: hashOfByte(random.below(256)), peerId: random.bytes(20) };
  const bytes = random.chance(0.6)
    ? encodeHandshake({ ...o, extended: random.chance(0.5), fast: random.chance(0.5), v2: random.chance(0.5) })
    : encodeQvodHandshake(o);
  return Buffer.concat([bytes, random.bytes(random.size(100))]);
};

const handshake: Target = {
  tokens: NAMES,
  make: anyHandshake,
  run(input) {
    assertUntouched(input, () => {
      const read = parseHandshake(input);
      if (read.kind === 'ok') assert.deepEqual(parseHandshake(encodeHandshake(read.value)), read);
      const qvod = parseQvodHandshake(input);
      assert.ok(read.kind === 'bad' || qvod.kind === 'bad', 'it cannot be both');
      if (qvod.kind === 'ok') {
        assert.ok(qvod.value.qvodHello.equals(input.subarray(0, HANDSHAKE_BYTES)));
        qvodVersionOf(qvod.value.peerId);
      }
    });
    for (const looksLike of [looksLikeHandshake, looksLikeQvod]) {
      const end = looksLike(input);
      for (let n = 0; n < Math.min(24, input.length); n++) {
        const early = looksLike(input.subarray(0, n));
        assert.ok(early === 'maybe' || early === end, 'what was certain stays so');
      }
    }
  },
};

/** Without keys it must never answer, and give back all it was told. */
const recogniser: Target = {
  tokens: NAMES,
  make: anyHandshake,
  run(input, random) {
    assertUntouched(input, () =>
      assertSameHoweverCut(input, random, (chunks) => {
        const flow = new Recogniser(() => 'unknown-torrent');
        let pushed = Buffer.alloc(0);
        for (const chunk of chunks) {
          pushed = Buffer.concat([pushed, chunk]);
          const step = flow.push(chunk);
          if (step.kind === 'more') {
            assert.equal(step.send.length, 0);
            continue;
          }
          assert.ok(step.kind !== 'lost' && step.head?.equals(pushed), 'nothing of what came is lost');
          return step.kind === 'peer'
            ? { kind: step.kind, hash: step.handshake.infoHash }
            : { kind: step.kind, why: step.why };
        }
        const end = flow.giveUp('it hung up');
        assert.ok(end.kind === 'other' && end.head.equals(pushed));
        return { kind: 'open' };
      }),
    );
  },
};

/** The input cut into payloads that go to and fro. */
const classifier: Target = {
  tokens: [
    ...NAMES,
    'GET ',
    'GET /announce?',
    'info_hash=',
    '%aa',
    ' HTTP/1.1',
    'd1:ad2:id20:',
    'BT-SEARCH * HTTP/1.1\r\n',
    '\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0',
    '\x41\0',
    '\x21\0',
    '\x01\0',
  ],
  make: (random) => {
    const utp = Buffer.alloc(20);
    utp[0] = random.pick([0x41, 0x21, 0x01, 0x31]);
    utp.writeUInt16BE(random.below(3), 2);
    utp.writeUInt16BE(random.below(3), 16);
    utp.writeUInt16BE(random.below(3), 18);
    return random.chance(0.5) ? anyHandshake(random) : Buffer.concat([utp, random.bytes(random.size(40)), utp]);
  },
  run(input, random) {
    const payloads = cut(input, random);
    for (const flow of [new StreamClassifier(random.chance(0.5)), new DatagramClassifier()]) {
      for (const payload of payloads) {
        const before = flow.settled ? flow.finding : undefined;
        flow.push(random.chance(0.5) ? 'a' : 'b', payload);
        if (random.chance(0.02)) flow.gap('a');
        if (before) assert.deepEqual(flow.finding, before, 'settled is settled');
      }
      assert.ok(flow.finding.why !== '');
    }
    assertUntouched(input, () => {
      qvodDatagram(input);
      const syn = parseUtpSyn(input);
      if (!syn) return;
      const reset = encodeUtpReset(syn.connectionId, syn.seq);
      assert.ok(reset.length === 20 && reset.readUInt16BE(2) === syn.connectionId);
    });
  },
};

export const flowTargets = { handshake, recogniser, classifier };
