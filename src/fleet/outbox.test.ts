import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Broker, Delivery, Topology } from './broker.ts';
import { Reader, until } from './compliance.ts';
import { FakeRabbit } from './fake-broker.ts';
import { LIMITS } from './limits.ts';
import { bookIdOf, Outbox, type OutboxWorld } from './outbox.ts';
import type { SteadyBroker } from './steady-broker.ts';

const onError = (error: unknown): void => {
  throw error;
};
/** A hundred times as quick as the real one. */
const quick = {
  nowMs: () => Date.now() * 100,
  sleep: async (ms: number, signal: AbortSignal) => {
    await sleep(ms / 100, undefined, { signal });
  },
};
const TOPOLOGY: Topology = {
  exchanges: [{ name: 'x' }],
  queues: [
    { name: 'all', kind: 'quorum' },
    { name: 'small', kind: 'quorum', maxMessages: 1 },
  ],
  bindings: [
    { queue: 'all', exchange: 'x', key: 'node.a.*' },
    { queue: 'small', exchange: 'x', key: 'node.b.*' },
  ],
};

function bookFor(t: TestContext): FleetBook {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-outbox-'));
  const book = FleetBook.open(join(folder, 'fleet.db'));
  t.after(() => {
    book[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return book;
}

const put = (book: FleetBook, receiver: string, text: string, distribution: string | null = null): void =>
  book.send({
    distribution,
    receiver: `node.${receiver}.offer`,
    type: 'offer',
    contentType: 'c',
    body: Buffer.from(text),
  });

function scopeFor(t: TestContext): Scope {
  const scope = new Scope(onError);
  t.after(() => scope.close());
  return scope;
}

function outboxOf(t: TestContext, book: FleetBook, broker: Broker, over: Partial<OutboxWorld> = {}): Outbox {
  return new Outbox({
    book,
    broker,
    clock: quick,
    log: silentLog,
    scope: scopeFor(t),
    route: () => ({ exchange: 'x', mandatory: true }),
    unroutable: () => {},
    ...over,
  });
}

async function fake(t: TestContext): Promise<{ rabbit: FakeRabbit; broker: SteadyBroker }> {
  const rabbit = new FakeRabbit();
  const broker = rabbit.connect({ topology: () => TOPOLOGY, onError, clock: quick });
  t.after(() => broker.close());
  await until(broker, 'up');
  return { rabbit, broker };
}

async function emptied(book: FleetBook): Promise<void> {
  while (book.unsent().length > 0) await sleep(1);
}

test('what is to be sent leaves in order, from before and from now on', async (t) => {
  const { broker } = await fake(t);
  const book = bookFor(t);
  const texts = Array.from({ length: 200 }, (_, i) => String(i));
  for (const text of texts.slice(0, 100)) put(book, 'a', text, 'd');
  const outbox = outboxOf(t, book, broker);
  for (const text of texts.slice(100)) put(book, 'a', text, 'd');
  outbox.poke();
  await using reader = new Reader(broker, 'all');
  assert.deepEqual(await reader.texts(200), texts);
  await emptied(book);
});

test('it says what the book says of a message, and names it by the book and the row', async (t) => {
  const { broker } = await fake(t);
  const book = bookFor(t);
  put(book, 'a', 'one', 'd');
  put(book, 'a', 'two');
  outboxOf(t, book, broker);
  await using reader = new Reader(broker, 'all');
  const came = [await reader.next(), await reader.next()];
  const said = ({ key, type, messageId, correlationId, contentType, persistent, body }: Delivery) =>
    [key, type, messageId, correlationId, contentType, persistent, body.toString()] as const;
  const id = bookIdOf(book);
  assert.deepEqual(came.map(said).sort(), [
    ['node.a.offer', 'offer', `${id}-1`, 'd', 'c', true, 'one'],
    ['node.a.offer', 'offer', `${id}-2`, undefined, 'c', true, 'two'],
  ]);
});

test('nothing is lost when connections are cut, and one distribution stays in order', async (t) => {
  const { rabbit, broker } = await fake(t);
  const book = bookFor(t);
  const other = rabbit.connect({ topology: () => TOPOLOGY, onError, clock: quick });
  t.after(() => other.close());
  for (let i = 0; i < 300; i++) put(book, 'a', `${i % 3} ${i}`, `d${i % 3}`);
  outboxOf(t, book, broker);
  const came: string[] = [];
  other.consume({
    queue: 'all',
    prefetch: 10,
    onDelivery: (delivery) => {
      came.push(delivery.body.toString());
      delivery.ack();
    },
  });
  for (let cut = 0; cut < 6; cut++) {
    await sleep(5);
    rabbit.isDeaf = cut % 2 === 0;
    await sleep(2);
    rabbit.cut(broker);
    rabbit.isDeaf = false;
    await until(broker, 'up');
  }
  await emptied(book);
  await sleep(20);
  for (const line of ['0', '1', '2']) {
    const numbers = came.filter((text) => text.startsWith(`${line} `)).map((text) => Number(text.slice(2)));
    const once = [...new Set(numbers)];
    assert.equal(once.length, 100);
    assert.deepEqual(
      once,
      once.toSorted((a, b) => a - b),
      'what comes twice comes before what follows it',
    );
  }
});

test('what was lost goes again as soon as the broker is there, and not before', async (t) => {
  const { rabbit, broker } = await fake(t);
  const book = bookFor(t);
  put(book, 'a', 'lost');
  const still = {
    nowMs: () => 0,
    sleep: (_ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  };
  rabbit.isDeaf = true;
  outboxOf(t, book, broker, { clock: still });
  await sleep(5);
  rabbit.cut(broker);
  rabbit.isDeaf = false;
  await emptied(book);
  assert.equal(rabbit.depth('all'), 1);
});

test('a process that ends between the two sends again, under the same id', async (t) => {
  const { broker } = await fake(t);
  const book = bookFor(t);
  put(book, 'a', 'once');
  const first = new Scope(onError);
  const sent = Promise.withResolvers<void>();
  const unheard: Broker = Object.create(broker, {
    state: { get: () => broker.state },
    onState: { value: () => () => {} },
    publish: {
      value: (...message: Parameters<Broker['publish']>) => {
        void broker.publish(...message).then(() => sent.resolve());
        return new Promise(() => {});
      },
    },
  });
  outboxOf(t, book, unheard, { scope: first });
  await sent.promise;
  await first.close();
  outboxOf(t, book, broker);
  await emptied(book);
  await using reader = new Reader(broker, 'all');
  const [one, two] = [await reader.next(), await reader.next()];
  assert.equal(one.messageId, two.messageId);
});

test('a full inbox gets its messages when it has room, in order; nobody else waits for it', async (t) => {
  const { broker } = await fake(t);
  const book = bookFor(t);
  for (const text of ['1', '2', '3']) put(book, 'b', text, 'd');
  for (let i = 0; i < 100; i++) put(book, 'a', `${i}`, `d${i}`);
  outboxOf(t, book, broker);
  await using all = new Reader(broker, 'all');
  await all.texts(100);
  while (book.unsent().length > 2) await sleep(1);
  assert.deepEqual(
    book.unsent().map(({ body }) => body.toString()),
    ['2', '3'],
  );
  await using small = new Reader(broker, 'small', 1);
  assert.deepEqual(await small.texts(3), ['1', '2', '3']);
  await emptied(book);
});

test('what goes to nobody is told to its owner, together with its end; what never can go goes away', async (t) => {
  const { broker } = await fake(t);
  const book = bookFor(t);
  put(book, 'nobody', 'n');
  put(book, 'a', 'never');
  let tries = 0;
  outboxOf(t, book, broker, {
    route: ({ body }) => ({ exchange: body.toString() === 'never' ? 'none' : 'x', mandatory: true }),
    unroutable: ({ receiver }) => {
      book.setFact('left', receiver);
      if (tries++ === 0) throw new Error('made up: the disk is full');
    },
  });
  await emptied(book);
  assert.equal(book.fact('left'), 'node.nobody.offer');
  assert.equal(tries, 2, 'what could not be kept is tried again');
});

test('what is not wanted any more does not go', async (t) => {
  const { broker } = await fake(t);
  const book = bookFor(t);
  const row = { id: 'd', name: 'n', rev: 1, manifest: Buffer.alloc(1), signature: Buffer.alloc(1), seed: null };
  book.putDistribution({ ...row, source: null, orders: '{}', state: 's', why: null, createdMs: 1, changedMs: 1 });
  for (const text of ['1', '2']) put(book, 'b', text, 'd');
  outboxOf(t, book, broker);
  while (book.unsent().length > 1) await sleep(1);
  book.forgetDistribution('d');
  put(book, 'b', 'last', 'e');
  await using small = new Reader(broker, 'small', 1);
  assert.deepEqual(await small.texts(2), ['1', 'last']);
});

test('so many are with the broker at once, and it goes on when the broker does', async (t) => {
  const { rabbit, broker } = await fake(t);
  const book = bookFor(t);
  for (let i = 0; i < 100; i++) put(book, 'a', `${i}`, `d${i}`);
  let [out, most] = [0, 0];
  const counted: Broker = Object.create(broker, {
    state: { get: () => broker.state },
    onState: { value: broker.onState.bind(broker) },
    publish: {
      value: async (...message: Parameters<Broker['publish']>) => {
        most = Math.max(most, ++out);
        const published = await broker.publish(...message);
        out--;
        return published;
      },
    },
  });
  rabbit.block('low on memory');
  outboxOf(t, book, counted);
  await sleep(20);
  assert.equal(most, 0);
  rabbit.block(undefined);
  await emptied(book);
  assert.equal(most, LIMITS.outboxInFlight);
});
