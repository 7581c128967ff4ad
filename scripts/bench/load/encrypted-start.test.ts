import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { MseResponder, type MseStep, SkeyTable } from '#wire/mse.ts';
import { EncryptedStart } from './encrypted-start.ts';

test('a server that would rather speak plain is offered RC4 alone, and both sides understand each other', () => {
  const infoHash = infoHashOf(randomBytes(20));
  const table = new SkeyTable();
  table.add(infoHash);
  const responder = new MseResponder(table);
  const start = new EncryptedStart(infoHash, Buffer.from('hello'));
  const sent = (step: MseStep): Buffer => (step.kind === 'bad' ? assert.fail(step.why) : Buffer.concat(step.send));
  const offer = start.push(sent(responder.push(start.first())));
  const last = responder.push(Buffer.concat(offer.send));
  assert.ok(last.kind === 'done');
  assert.equal(last.ciphers.method, 'rc4');
  assert.equal(last.rest.toString(), 'hello');
  const answer = start.push(Buffer.concat([...last.send, last.ciphers.encrypt(Buffer.from('welcome'))]));
  assert.equal(answer.fault, undefined);
  assert.equal(answer.plain.toString(), 'welcome');
  assert.equal(last.ciphers.decrypt(start.encrypt(Buffer.from('more'))).toString(), 'more');
  assert.equal(start.push(last.ciphers.encrypt(Buffer.from('again'))).plain.toString(), 'again');
});
