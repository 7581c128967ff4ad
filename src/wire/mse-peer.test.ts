import assert from 'node:assert/strict';
import { test } from 'node:test';
import Wire from 'bittorrent-protocol';
import { infoHashBytes } from '#base/units.ts';
import { hashOfByte } from './fixtures.ts';
import { encodeHandshake, newPeerId, parseHandshake } from './handshake.ts';
import type { Ciphers, MseStep } from './mse.ts';
import { MseInitiator, MseResponder, SkeyTable } from './mse.ts';
import { sha1 } from './mse-keys.ts';

// The package brings an MSE of its own, written by others: the two must understand each other in both roles.

const HASH = hashOfByte(7);
const table = new SkeyTable();
table.add(HASH);
type Done = Extract<MseStep, { kind: 'done' }>;

/** Lets the package's stream turn its queue over. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function talkTo(wire: Wire): { heard(): Buffer } {
  const parts: Buffer[] = [];
  wire.on('data', (bytes) => void parts.push(Buffer.from(bytes)));
  return { heard: () => Buffer.concat(parts.splice(0)) };
}

for (const mode of [1, 2] as const) {
  test(`the package as initiator (mode ${mode}) shakes hands with our responder`, async () => {
    const wire = new Wire('tcpOutgoing', mode);
    const { heard } = talkTo(wire);
    const peerId = newPeerId();
    wire.once('crypto-handshake', () => wire.handshake(HASH, peerId, { fast: true }));
    const answered = new Promise<string>((resolve) => wire.once('handshake', (hash) => resolve(hash)));
    wire.startEncryption(HASH);
    const responder = new MseResponder(table);
    let ciphers: Ciphers | undefined;
    let rest = Buffer.alloc(0);
    for (let i = 0; i < 10 && rest.length < 68; i++) {
      await turn();
      const bytes = heard();
      if (ciphers) rest = Buffer.concat([rest, ciphers.decrypt(bytes)]);
      else if (bytes.length > 0) {
        const step = responder.push(bytes);
        assert.notEqual(step.kind, 'bad', JSON.stringify(step));
        if (step.kind === 'done') {
          ciphers = step.ciphers;
          rest = Buffer.from(step.rest);
        }
        if (step.kind !== 'bad') wire.write(Buffer.concat(step.send));
      }
    }
    assert.ok(ciphers);
    assert.equal(ciphers.method, mode === 1 ? 'plain' : 'rc4');
    const hands = parseHandshake(rest);
    assert.deepEqual(hands.kind === 'ok' && hands.value.peerId, peerId);
    wire.write(ciphers.encrypt(encodeHandshake({ infoHash: HASH, peerId: newPeerId() })));
    assert.equal(await answered, HASH);
    wire.destroy();
  });

  test(`the package as responder (mode ${mode}) shakes hands with our initiator`, async () => {
    const wire = new Wire('tcpIncoming', mode);
    const { heard } = talkTo(wire);
    wire.once('crypto-infohash', (req2) => {
      assert.equal(req2, sha1('req2', infoHashBytes(HASH)).toString('hex'));
      wire.setInfoHash(HASH);
    });
    const theirs = newPeerId();
    const asked = new Promise<string>((resolve) =>
      wire.once('handshake', (_hash, id) => {
        wire.handshake(HASH, theirs);
        resolve(id);
      }),
    );
    const ours = newPeerId();
    const initiator = new MseInitiator(HASH, encodeHandshake({ infoHash: HASH, peerId: ours }));
    wire.write(initiator.start());
    let done: Done | undefined;
    let answer = Buffer.alloc(0);
    for (let i = 0; i < 10 && answer.length < 68; i++) {
      await turn();
      const bytes = heard();
      if (done) answer = Buffer.concat([answer, done.ciphers.decrypt(bytes)]);
      else if (bytes.length > 0) {
        const step = initiator.push(bytes);
        assert.notEqual(step.kind, 'bad', JSON.stringify(step));
        if (step.kind === 'bad') break;
        if (step.send.length > 0) wire.write(Buffer.concat(step.send));
        if (step.kind === 'done') {
          done = step;
          answer = Buffer.from(step.rest);
        }
      }
    }
    assert.ok(done);
    assert.equal(done.ciphers.method, mode === 1 ? 'plain' : 'rc4');
    assert.equal(await asked, ours.toString('hex'));
    const hands = parseHandshake(answer);
    assert.deepEqual(hands.kind === 'ok' && hands.value.peerId, theirs);
    wire.destroy();
  });
}
