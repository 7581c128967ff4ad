import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Delivery } from '../broker.ts';
import { encodeUp, type UpMessage } from '../messages.ts';
import { keyFrom, UP } from '../names.ts';
import { temporary } from './fixtures.ts';
import { Hearing } from './hearing.ts';

const id = 'ab'.repeat(32);
const done: UpMessage = { kind: 'done', id, ms: 1, amqpBytes: 0, swarmBytes: 0 };

function hearingOn(t: TestContext, act: (node: string) => void, nowMs = () => 0) {
  const scope = new Scope((error) => assert.fail(String(error)));
  const book = FleetBook.open(join(temporary(t), 'fleet.db'));
  t.after(async () => {
    await scope.close();
    book[Symbol.dispose]();
  });
  let transactions = 0;
  const counted = Object.assign(Object.create(book), {
    transaction: <T>(work: () => T): T => {
      transactions++;
      return book.transaction(work);
    },
    isNews: (message: string) => book.isNews(message),
  }) as FleetBook;
  const clock = { nowMs, sleep: async () => {} };
  const hearing = new Hearing({ book: counted, clock, log: silentLog, scope, act, heard: () => {} });
  const answers: string[] = [];
  const say = (node: string, messageId: string, message = done, key = keyFrom(node, message.kind)): void => {
    const answer = (what: string) => () => void answers.push(`${messageId} ${what}`);
    const [ack, requeue, reject] = ['ack', 'requeue', 'reject'].map(answer) as [() => void, () => void, () => void];
    const delivery: Delivery = {
      exchange: UP,
      key,
      messageId,
      persistent: true,
      redelivered: false,
      ...encodeUp(message),
      ack,
      requeue,
      reject,
    };
    hearing.onDelivery(delivery);
  };
  return { say, answers, book, transactions: () => transactions };
}

test('what comes together is one transaction, acked once it is kept; what comes twice does nothing', async (t) => {
  const acted: string[] = [];
  const { say, answers, transactions } = hearingOn(t, (node) => acted.push(node));
  for (let i = 0; i < 50; i++) say(`n${i % 25}`, `m${i % 25}`);
  assert.equal(answers.length, 0);
  await turn();
  assert.equal(transactions(), 1);
  assert.equal(acted.length, 25);
  assert.equal(answers.filter((answer) => answer.endsWith(' ack')).length, 50);
});

test('what takes long is heard in several turns, each acked by itself, and in order', async (t) => {
  const acted: string[] = [];
  let nowMs = 0;
  const slow = (node: string): void => {
    nowMs += 20;
    acted.push(node);
  };
  const { say, answers, transactions } = hearingOn(t, slow, () => nowMs);
  for (let i = 0; i < 10; i++) say(`n${i}`, `m${i}`);
  await turn();
  assert.equal(answers.length, 3);
  say('n10', 'm10');
  for (let i = 0; i < 9; i++) await turn();
  assert.equal(transactions(), 4);
  assert.deepEqual(
    answers,
    acted.map((node) => `${node.replace('n', 'm')} ack`),
  );
  assert.equal(acted.length, 11);
});

test('one that cannot be kept holds up no other, and is given back; what nobody understands is thrown away', async (t) => {
  const acted: string[] = [];
  const { say, answers, book } = hearingOn(t, (node) => {
    if (node === 'bad') throw new Error('made up: the disk is full');
    book.setFact(node, 'heard');
    acted.push(node);
  });
  say('n1', 'one');
  say('bad', 'two');
  say('n2', 'three');
  say('n2', 'four', done, 'n2.hello');
  await turn();
  await turn();
  assert.deepEqual(answers.sort(), ['four reject', 'one ack', 'three ack', 'two requeue']);
  assert.deepEqual([book.fact('n1'), book.fact('n2'), book.fact('bad')], ['heard', 'heard', undefined]);
  assert.ok(!book.wasHeard('two'), 'it may come again');
});
