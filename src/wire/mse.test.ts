import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InfoHash } from '#base/units.ts';
import { infoHashBytes } from '#base/units.ts';
import { chunksOf, fuzzRuns, hashOfByte } from './fixtures.ts';
import { encodeHandshake, newPeerId } from './handshake.ts';
import type { MseStep } from './mse.ts';
import { MseInitiator, MseResponder, SkeyTable } from './mse.ts';
import { DhKey, sha1, streamOf, xor } from './mse-keys.ts';
import { Rc4 } from './rc4.ts';

const HASH = hashOfByte(7);
const tableOf = (...hashes: InfoHash[]): SkeyTable => {
  const table = new SkeyTable();
  for (const hash of hashes) table.add(hash);
  return table;
};
type Done = Extract<MseStep, { kind: 'done' }>;

test('RC4 gives the published keystreams whatever the portions, and leaves its input alone', () => {
  // Key, plaintext and ciphertext as given in the Wikipedia article on RC4; RFC 6229 for the 40-bit key at offset 1024.
  assert.equal(new Rc4(Buffer.from('Key'), 0).apply(Buffer.from('Plaintext')).toString('hex'), 'bbf316e8d940af0ad3');
  const rfc = new Rc4(Buffer.from('0102030405', 'hex'), 1024).apply(Buffer.alloc(16));
  assert.equal(rfc.toString('hex'), '30abbcc7c20b01609f23ee2d5f6bb7df');
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.array(fc.nat(700), { minLength: 1 }),
      (key, sizes) => {
        const plain = randomBytes(3000);
        const before = Buffer.from(plain);
        const whole = new Rc4(key, 1024).apply(plain);
        const cipher = new Rc4(key, 1024);
        assert.deepEqual(Buffer.concat(chunksOf(plain, sizes).map((part) => cipher.apply(part))), whole);
        assert.deepEqual(plain, before);
      },
    ),
  );
});

/** Side A written out from the specification, so that the responder is not only tested against its own sister. */
function scriptedInitiator(o: {
  hash: InfoHash;
  provide: number;
  ia: Buffer;
  padA?: number;
  padC?: number;
  vc?: number;
}) {
  const key = new DhKey();
  return {
    first: Buffer.concat([key.publicKey, randomBytes(o.padA ?? 0)]),
    third(yb: Buffer): { bytes: Buffer; out: Rc4; incoming: Rc4 } {
      const secret = key.secret(yb.subarray(0, 96));
      assert.ok(secret);
      const out = streamOf('keyA', secret, o.hash);
      const head = Buffer.alloc(14 + (o.padC ?? 0) + 2);
      head[0] = o.vc ?? 0;
      head.writeUInt32BE(o.provide, 8);
      head.writeUInt16BE(o.padC ?? 0, 12);
      head.writeUInt16BE(o.ia.length, head.length - 2);
      const skey = xor(sha1('req2', infoHashBytes(o.hash)), sha1('req3', secret));
      const bytes = Buffer.concat([sha1('req1', secret), skey, out.apply(head), out.apply(o.ia)]);
      return { bytes, out, incoming: streamOf('keyB', secret, o.hash) };
    },
  };
}

test('the responder answers every offer: plain when it may, else RC4', () => {
  for (const [provide, method, selected] of [
    [1, 'plain', 1],
    [2, 'rc4', 2],
    [3, 'plain', 1],
    [0xffff_fffe, 'rc4', 2],
  ] as const) {
    const ia = Buffer.from('initial payload');
    const side = scriptedInitiator({ hash: HASH, provide, ia, padA: 512, padC: 512 });
    const responder = new MseResponder(tableOf(hashOfByte(1), HASH));
    const second = responder.push(side.first);
    assert.equal(second.kind, 'more');
    const third = side.third(Buffer.concat((second as { send: Buffer[] }).send));
    const late = Buffer.from('after');
    const step = responder.push(Buffer.concat([third.bytes, method === 'plain' ? late : third.out.apply(late)]));
    assert.equal(step.kind, 'done', `provide ${provide}`);
    const { send, ciphers, rest, infoHash } = step as Done;
    assert.equal(ciphers.method, method);
    assert.equal(infoHash, HASH);
    assert.equal(rest.toString(), 'initial payloadafter');
    const fourth = third.incoming.apply(Buffer.concat(send));
    assert.deepEqual(fourth.subarray(0, 8), Buffer.alloc(8));
    assert.equal(fourth.readUInt32BE(8), selected);
    assert.equal(fourth.length, 14 + fourth.readUInt16BE(12));
    const said = ciphers.encrypt(Buffer.from('hello'));
    assert.equal((method === 'plain' ? said : third.incoming.apply(said)).toString(), 'hello');
  }
});

function bothSides(sizes: readonly number[], ia: Buffer): { a: Done; b: Done } {
  const initiator = new MseInitiator(HASH, ia);
  const responder = new MseResponder(tableOf(HASH));
  const toResponder = [initiator.start()];
  let [a, b]: [Done | undefined, Done | undefined] = [undefined, undefined];
  const feed = (side: { push(b: Buffer): MseStep }, bytes: Buffer, answers: Buffer[]): Done | undefined => {
    let done: Done | undefined;
    for (const chunk of chunksOf(bytes, sizes)) {
      if (done) {
        done.rest = Buffer.concat([done.rest, done.ciphers.decrypt(chunk)]);
        continue;
      }
      const step = side.push(chunk);
      assert.notEqual(step.kind, 'bad', JSON.stringify(step));
      if (step.kind !== 'bad') answers.push(...step.send);
      if (step.kind === 'done') done = step;
    }
    return done;
  };
  for (let round = 0; round < 3 && !(a && b); round++) {
    const toInitiator: Buffer[] = [];
    b ??= feed(responder, Buffer.concat(toResponder.splice(0)), toInitiator);
    a ??= feed(initiator, Buffer.concat(toInitiator), toResponder);
  }
  assert.ok(a && b);
  return { a, b };
}

test('initiator and responder understand each other whatever the portions, byte by byte too', () => {
  const handshake = encodeHandshake({ infoHash: HASH, peerId: newPeerId(), extended: true });
  for (const sizes of [[1], [100_000], [95, 1, 2], [7]]) {
    for (const ia of [handshake, Buffer.alloc(0), randomBytes(65_535)]) {
      const { a, b } = bothSides(sizes, ia);
      assert.deepEqual(b.rest, ia);
      assert.equal(b.ciphers.method, 'plain');
      assert.equal(a.ciphers.method, 'plain');
    }
  }
});

test('the initiator takes RC4 when it is selected and refuses what it did not offer', () => {
  for (const [selected, kind] of [
    [2, 'done'],
    [1, 'done'],
    [3, 'bad'],
    [0, 'bad'],
    [4, 'bad'],
  ] as const) {
    const initiator = new MseInitiator(HASH, Buffer.from('ia'));
    const key = new DhKey();
    const secret = key.secret(initiator.start().subarray(0, 96));
    assert.ok(secret);
    const third = initiator.push(Buffer.concat([key.publicKey, randomBytes(512)]));
    assert.equal(third.kind, 'more');
    const out = streamOf('keyB', secret, HASH);
    const head = Buffer.alloc(14 + 9);
    head.writeUInt32BE(selected, 8);
    head.writeUInt16BE(9, 12);
    const payload = Buffer.from('payload');
    const fourth = out.apply(head);
    const step = initiator.push(Buffer.concat([fourth, selected === 2 ? out.apply(payload) : payload]));
    assert.equal(step.kind, kind, `selected ${selected}`);
    if (step.kind === 'done') assert.equal(step.rest.toString(), 'payload');
    assert.equal(initiator.push(payload).kind, 'bad', 'there is nothing after the end');
  }
});

test('an unknown torrent, a wrong constant, an empty offer and too much padding are told apart', () => {
  const refused = (o: { hash?: InfoHash; provide?: number; vc?: number; padC?: number }): string => {
    const side = scriptedInitiator({ hash: HASH, provide: 3, ia: Buffer.alloc(0), ...o });
    const responder = new MseResponder(tableOf(HASH));
    const second = responder.push(side.first) as { send: Buffer[] };
    const step = responder.push(side.third(Buffer.concat(second.send)).bytes);
    assert.equal(step.kind, 'bad');
    return (step as { why: string }).why;
  };
  assert.equal(refused({ hash: hashOfByte(9) }), 'unknown-skey');
  assert.match(refused({ vc: 1 }), /verification constant/);
  assert.match(refused({ provide: 4 }), /in common/);
  assert.match(refused({ padC: 513 }), /padding/);
});

test('a torrent that was taken out of the table is unknown again', () => {
  const table = tableOf(HASH, hashOfByte(8));
  table.delete(HASH);
  assert.equal(table.size, 1);
  assert.equal(table.find(sha1('req2', infoHashBytes(HASH))), undefined);
  assert.equal(table.find(sha1('req2', infoHashBytes(hashOfByte(8)))), hashOfByte(8));
});

test('keys that make the secret predictable are refused', () => {
  const prime = Buffer.from(
    'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563',
    'hex',
  );
  const less = (n: number): Buffer => {
    const copy = Buffer.from(prime);
    copy[95] = (copy[95] as number) - n;
    return copy;
  };
  const small = (n: number): Buffer => Buffer.concat([Buffer.alloc(95), Buffer.of(n)]);
  for (const key of [small(0), small(1), less(0), less(1), Buffer.alloc(96, 0xff)]) {
    assert.equal(new MseResponder(tableOf(HASH)).push(key).kind, 'bad');
  }
  for (const key of [small(2), less(2)]) assert.equal(new MseResponder(tableOf(HASH)).push(key).kind, 'more');
});

test('two keys that were made before either is used keep apart in the shared group', () => {
  const [a, b, c] = [new DhKey(), new DhKey(), new DhKey()];
  assert.deepEqual(a.secret(b.publicKey), b.secret(a.publicKey));
  assert.notDeepEqual(a.secret(b.publicKey), c.secret(b.publicKey));
});

test('random bytes end in a refusal after at most 628 bytes, on either side', () => {
  for (let run = 0; run < Math.min(200, fuzzRuns); run++) {
    const garbage = randomBytes(3000);
    garbage[0] = 0x7f;
    for (const side of [new MseResponder(tableOf(HASH)), new MseInitiator(HASH, Buffer.alloc(68))]) {
      let read = 0;
      for (const chunk of chunksOf(garbage, [1 + (run % 97)])) {
        read += chunk.length;
        if (side.push(chunk).kind === 'bad') break;
      }
      assert.ok(read <= 628 + 97, `still reading after ${read} bytes`);
    }
  }
});

test('the initiator notices a peer that answers in plain', () => {
  const initiator = new MseInitiator(HASH, Buffer.alloc(68));
  const step = initiator.push(encodeHandshake({ infoHash: HASH, peerId: newPeerId() }));
  assert.deepEqual(step, { kind: 'bad', why: 'answered in plain' });
});
