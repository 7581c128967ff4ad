import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { infoHashOf } from '#base/units.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import { MseInitiator, SkeyTable } from '#wire/mse.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { hash } from './fixtures.ts';
import { type Recognised, Recogniser, type Step } from './recogniser.ts';

const infoHash = infoHashOf(hash);
const handshake = encodeHandshake({ infoHash, peerId: newPeerId() });
const known = new SkeyTable();
known.add(infoHash);

/** Feeds bytes in pieces until a verdict; `reply` sees what the box sends meanwhile and may answer. */
function feed(
  bytes: Buffer,
  sizes: readonly number[],
  reply: (sent: Buffer) => Buffer | undefined = () => undefined,
): Step {
  const recogniser = new Recogniser(() => known);
  let last: Step = { kind: 'more', send: [] };
  let rest = bytes;
  for (let i = 0; rest.length > 0; i++) {
    const n = Math.max(1, sizes[i % sizes.length] ?? rest.length);
    last = recogniser.push(rest.subarray(0, n));
    if (last.kind !== 'more') return last;
    rest = rest.subarray(n);
    for (const sent of last.send) {
      const more = reply(sent);
      if (more) rest = Buffer.concat([rest, more]);
    }
  }
  return last;
}

test('a plain handshake is recognised however it is cut, with what follows it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }), (sizes) => {
      const step = feed(Buffer.concat([handshake, Buffer.from('after')]), sizes);
      assert.equal(step.kind, 'peer');
      const peer = step as Recognised & { kind: 'peer' };
      assert.equal(peer.handshake.infoHash, infoHash);
      assert.ok(peer.head?.subarray(0, 68).equals(handshake), 'the flow can still be spliced');
    }),
  );
});

test('a Qvod handshake is a peer’s, however it is cut, and its own words are kept', () => {
  const hello = encodeQvodHandshake({ infoHash, peerId: newQvodPeerId(Buffer.from('QVOD0052')) });
  hello.writeUInt32BE(7, 21);
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.oneof(sizes, fc.constant([1])), (cuts) => {
      const step = feed(Buffer.concat([hello, Buffer.from('after')]), cuts);
      assert.ok(step.kind === 'peer');
      assert.equal(step.handshake.infoHash, infoHash);
      assert.deepEqual(step.handshake.qvodHello, hello);
      assert.equal(step.handshake.fast || step.handshake.extended, false);
      assert.ok(step.head?.subarray(0, 68).equals(hello), 'the flow can still be spliced');
    }),
  );
});

test('Qvod with checksums, and Windows’ own swarm, go on to their origin at once, and are called by their names', () => {
  const checked = encodeQvodHandshake({ infoHash, peerId: newQvodPeerId(Buffer.from('QVOD0052')) });
  checked[20] = 1;
  const delivery = Buffer.concat([Buffer.from('\x0eSwarm protocol', 'latin1'), randomBytes(60)]);
  for (const [bytes, why] of [
    [checked, 'qvod'],
    [delivery, 'ms-do'],
  ] as const)
    for (const cut of [1, 7, bytes.length]) {
      const step = feed(bytes, [cut]);
      assert.ok(step.kind === 'other' && step.why === why, `${why}, cut in ${cut}`);
      assert.ok(step.head.length <= bytes.length && step.head.equals(bytes.subarray(0, step.head.length)));
    }
});

test('an encrypted handshake is answered, and the handshake inside it recognised, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (sizes, early) => {
        const initiator = new MseInitiator(infoHash, early ? handshake : Buffer.alloc(0));
        let opened = early;
        const step = feed(initiator.start(), sizes, (sent) => {
          const mine = initiator.push(sent);
          if (mine.kind === 'more') return Buffer.concat(mine.send);
          assert.equal(mine.kind, 'done');
          if (opened || mine.kind !== 'done') return undefined;
          opened = true;
          return Buffer.concat([...mine.send, mine.ciphers.encrypt(handshake)]);
        });
        assert.equal(step.kind, 'peer', JSON.stringify(step));
        const peer = step as Recognised & { kind: 'peer' };
        assert.equal(peer.handshake.infoHash, infoHash);
        assert.equal(peer.head, undefined, 'we have answered: there is no way back');
      },
    ),
    { numRuns: 60 },
  );
});

test('text, TLS and a server that speaks first go on to their origin with every byte they sent', () => {
  const get = Buffer.from('GET /file.bin HTTP/1.1\r\nHost: example\r\n\r\n');
  const hello = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0]), randomBytes(300)]);
  for (const bytes of [get, hello]) {
    const step = feed(bytes, [bytes.length]);
    assert.equal(step.kind, 'other');
    assert.ok(step.kind === 'other' && step.head.equals(bytes));
  }
  const silent = new Recogniser(() => known).giveUp('silent');
  assert.ok(silent.kind === 'other' && silent.head.length === 0);
  const short = new Recogniser(() => known);
  short.push(Buffer.from([1, 2, 3]));
  const given = short.giveUp('short');
  assert.ok(given.kind === 'other' && given.head.equals(Buffer.from([1, 2, 3])));
});

test('an encrypted handshake about a torrent that nobody named is lost, not answered with guesses', () => {
  const initiator = new MseInitiator(infoHashOf(randomBytes(20)), handshake);
  const step = feed(initiator.start(), [1000], (sent) => {
    const mine = initiator.push(sent);
    return mine.kind === 'more' ? Buffer.concat(mine.send) : undefined;
  });
  assert.equal(step.kind, 'lost');
});

test('an encrypted handshake that nothing speaks for is not answered, and can go on to its origin', () => {
  const start = new MseInitiator(infoHash, handshake).start();
  const step = new Recogniser(() => 'disk-full').push(start);
  assert.ok(step.kind === 'other' && step.why === 'disk-full' && step.head.equals(start));
});

test('endless garbage gets a verdict within two kilobytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2048, maxLength: 2048 }), (bytes) => {
      const step = feed(Buffer.from(bytes), [97]);
      assert.notEqual(step.kind, 'peer');
      assert.notEqual(step.kind, 'more');
    }),
    { numRuns: 100 },
  );
});
