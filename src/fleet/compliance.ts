import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Broker, BrokerState, Delivery, Message, Published, Queue, Topology } from './broker.ts';
import { BROKER_LIMITS } from './broker-limits.ts';

/** A broker under test, and the hand of fate over it. */
export type Bench = AsyncDisposable & {
  /** Another client of the same broker. */
  connect(topology: () => Topology): Broker;
  /** Its connection goes, without a word. */
  cut(broker: Broker): void;
  /** The broker is short of memory, or not any more. */
  block(on: boolean): Promise<void>;
};

/** Names of one test: a real broker is shared. */
type Names = { readonly x: string; readonly q: string; readonly q2: string };
type Check = (promise: string, work: (bench: Bench, names: Names) => Promise<void>) => void;

export const until = (broker: Broker, kind: BrokerState['kind']): Promise<BrokerState> =>
  new Promise((resolve) => {
    if (broker.state.kind === kind) return resolve(broker.state);
    const stop = broker.onState((state) => {
      if (state.kind !== kind) return;
      stop();
      resolve(state);
    });
  });

export const messageTo = (exchange: string, key: string, text: string): Message => ({
  exchange,
  key,
  type: 'test',
  messageId: randomUUID(),
  persistent: true,
  body: Buffer.from(text),
});

/** What comes out of a queue, one after the other. */
export class Reader implements AsyncDisposable {
  readonly #came: Delivery[] = [];
  readonly #closing: AsyncDisposable;
  #wake = () => {};

  constructor(broker: Broker, queue: string, prefetch = 10) {
    const onDelivery = (delivery: Delivery): void => {
      this.#came.push(delivery);
      this.#wake();
    };
    this.#closing = broker.consume({ queue, prefetch, onDelivery });
  }

  get waiting(): number {
    return this.#came.length;
  }

  async next(): Promise<Delivery> {
    for (;;) {
      const delivery = this.#came.shift();
      if (delivery) return delivery;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Of so many; each is done with. */
  async texts(count: number): Promise<string[]> {
    const texts: string[] = [];
    for (let i = 0; i < count; i++) {
      const delivery = await this.next();
      texts.push(delivery.body.toString());
      delivery.ack();
    }
    return texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing[Symbol.asyncDispose]();
  }
}

const topologyOf = (names: Names, queue: Partial<Queue> = {}, key = '#'): Topology => ({
  exchanges: [{ name: names.x }],
  queues: [{ name: names.q, kind: 'quorum', ...queue }],
  bindings: [{ queue: names.q, exchange: names.x, key }],
});

async function up(bench: Bench, topology: () => Topology): Promise<Broker> {
  const broker = bench.connect(topology);
  await until(broker, 'up');
  return broker;
}

const kinds = (answers: readonly Published[]): string[] => answers.map(({ kind }) => kind);
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** The promises of Broker. RabbitMQ and the fake one both keep them. */
export function brokerCompliance(name: string, open: () => Promise<Bench>): void {
  const check: Check = (promise, work) => {
    test(`${name}: ${promise}`, { timeout: 120_000 }, async () => {
      await using bench = await open();
      const own = randomBytes(6).toString('hex');
      await work(bench, { x: `x-${own}`, q: `q-${own}`, q2: `q2-${own}` });
    });
  };
  publishing(check);
  consuming(check);
  connections(check);
}

function publishing(check: Check): void {
  check('a message comes to each queue whose key means it, with all that was said about it', async (bench, names) => {
    const { x, q, q2 } = names;
    const bindings = [
      { queue: q, exchange: x, key: 'site.*.go' },
      { queue: q2, exchange: x, key: 'site.#' },
    ];
    const both: Topology = {
      exchanges: [{ name: x }],
      queues: [
        { name: q, kind: 'quorum' },
        { name: q2, kind: 'classic' },
      ],
      bindings,
    };
    await using broker = await up(bench, () => both);
    const full: Message = {
      ...messageTo(x, 'site.s1.go', 'body'),
      correlationId: 'd1',
      contentType: 'application/octet-stream',
      headers: { i: 7, off: 2 ** 40, last: true, name: '名' },
    };
    assert.deepEqual(await broker.publish(full, true), { kind: 'ok' });
    for (const key of ['site', 'site.s1.go.now', 'other.s1.go'])
      await broker.publish({ ...full, key, body: Buffer.from(key) }, false);
    await using first = new Reader(broker, q);
    await using second = new Reader(broker, q2);
    for (const reader of [first, second]) {
      const { ack, requeue, reject, release, redelivered, sentMs = Date.now(), ...message } = await reader.next();
      assert.ok(Math.abs(sentMs - Date.now()) < 3_600_000, 'or the broker does not say when it was sent');
      assert.deepEqual(message, full);
      assert.equal(redelivered, false);
      ack();
    }
    assert.deepEqual(await second.texts(2), ['site', 'site.s1.go.now']);
    assert.equal(first.waiting, 0);
  });

  check('what goes to no queue is said to, when that was asked', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names, {}, 'here'));
    const to = (key: string, mandatory: boolean) => broker.publish(messageTo(names.x, key, 'a'), mandatory);
    const answers = await Promise.all([
      to('nowhere', true),
      to('here', true),
      to('nowhere', false),
      to('nowhere', true),
    ]);
    assert.deepEqual(kinds(answers), ['unroutable', 'ok', 'ok', 'unroutable']);
  });

  for (const kind of ['quorum', 'classic'] as const)
    check(`a full ${kind} queue refuses, keeps what it has, and takes again`, async (bench, names) => {
      await using broker = await up(bench, () => topologyOf(names, { kind, maxMessages: 3 }));
      const taken: string[] = [];
      let refused = 0;
      for (let i = 0; refused === 0; i++) {
        const { kind } = await broker.publish(messageTo(names.x, 'k', String(i)), true);
        if (kind === 'ok') taken.push(String(i));
        else refused++;
      }
      // RabbitMQ looks at the bound of a quorum queue a little late.
      assert.ok(taken.length >= 3 && taken.length < 10, `${taken.length} were taken`);
      await using reader = new Reader(broker, names.q);
      assert.deepEqual(await reader.texts(taken.length), taken);
      let answer = await broker.publish(messageTo(names.x, 'k', 'again'), true);
      while (answer.kind === 'refused') answer = await broker.publish(messageTo(names.x, 'k', 'again'), true);
      assert.equal(answer.kind, 'ok');
      assert.deepEqual(await reader.texts(1), ['again']);
    });

  check('what can never be sent is said to, and the rest goes on', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    const big = { ...messageTo(names.x, 'k', ''), body: Buffer.alloc(BROKER_LIMITS.bodyBytes + 1) };
    const wordy = { ...messageTo(names.x, 'k', ''), headers: { a: 'x'.repeat(BROKER_LIMITS.headerBytes) } };
    const long = messageTo(names.x, 'k'.repeat(256), '');
    const answers = await Promise.all([big, wordy, long].map((message) => broker.publish(message, true)));
    assert.deepEqual(kinds(answers), ['impossible', 'impossible', 'impossible']);
    assert.equal((await broker.publish(messageTo(`${names.x}-none`, 'k', 'a'), true)).kind, 'impossible');
    await until(broker, 'up');
    const most = { ...big, body: randomBytes(BROKER_LIMITS.bodyBytes) };
    assert.deepEqual(await broker.publish(most, true), { kind: 'ok' });
    await using reader = new Reader(broker, names.q);
    const delivery = await reader.next();
    assert.ok(delivery.body.equals(most.body));
    delivery.ack();
  });

  check('of many at once all come, in order; of too many the rest is refused', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    const room = BROKER_LIMITS.unconfirmedMessages + BROKER_LIMITS.waitingMessages;
    const texts = numbers(room + 5);
    const answers = await Promise.all(texts.map((text) => broker.publish(messageTo(names.x, 'k', text), true)));
    assert.deepEqual(new Set(kinds(answers.slice(0, room))), new Set(['ok']));
    assert.deepEqual(new Set(kinds(answers.slice(room))), new Set(['refused']));
    await using reader = new Reader(broker, names.q, 100);
    assert.deepEqual(await reader.texts(room), texts.slice(0, room));
  });
}

function consuming(check: Check): void {
  check('no more than the prefetch is unanswered at a time', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    for (const text of numbers(5)) await broker.publish(messageTo(names.x, 'k', text), true);
    await using reader = new Reader(broker, names.q, 2);
    const [first, second] = [await reader.next(), await reader.next()];
    // Whatever else was on its way has come by the time that another message has made the round.
    await broker.publish(messageTo(names.x, 'k', '5'), true);
    assert.equal(reader.waiting, 0);
    first.ack();
    const third = await reader.next();
    assert.deepEqual(
      [first, second, third].map(({ body }) => body.toString()),
      ['0', '1', '2'],
    );
  });

  check('what is requeued comes again and says so, what is rejected does not', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    await using reader = new Reader(broker, names.q, 1);
    await broker.publish(messageTo(names.x, 'k', 'a'), true);
    const first = await reader.next();
    assert.equal(first.redelivered, false);
    first.requeue();
    const again = await reader.next();
    assert.deepEqual([again.redelivered, again.messageId], [true, first.messageId]);
    again.reject();
    again.ack();
    first.ack();
    await broker.publish(messageTo(names.x, 'k', 'b'), true);
    assert.deepEqual(await reader.texts(1), ['b']);
  });

  check('a consumer that closes gives back what it has not answered', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    const reader = new Reader(broker, names.q, 1);
    for (const text of ['a', 'b']) await broker.publish(messageTo(names.x, 'k', text), true);
    const held = await reader.next();
    await reader[Symbol.asyncDispose]();
    held.ack();
    await using other = new Reader(broker, names.q);
    assert.deepEqual(await other.texts(2), ['a', 'b']);
    assert.equal(broker.state.kind, 'up');
  });

  check(
    'of two readers one is given messages where that was asked, the other when it is gone',
    async (bench, names) => {
      const topology = topologyOf(names, { oneReader: true });
      await using one = await up(bench, () => topology);
      await using two = await up(bench, () => topology);
      const first = new Reader(one, names.q, 1);
      await one.publish(messageTo(names.x, 'k', 'a'), true);
      const held = await first.next();
      await using second = new Reader(two, names.q, 10);
      for (const text of ['b', 'c']) await one.publish(messageTo(names.x, 'k', text), true);
      held.ack();
      assert.deepEqual(await first.texts(1), ['b']);
      assert.equal(second.waiting, 0);
      await one.close();
      assert.deepEqual(await second.texts(1), ['c']);
    },
  );
}

function connections(check: Check): void {
  check(
    'after a cut all is declared anew, consumers go on, and what was unanswered comes again',
    async (bench, names) => {
      let topology = topologyOf(names);
      await using broker = await up(bench, () => topology);
      await using reader = new Reader(broker, names.q, 2);
      for (const text of ['a', 'b', 'c']) await broker.publish(messageTo(names.x, 'k', text), true);
      const held = [await reader.next(), await reader.next()];
      topology = {
        ...topology,
        queues: [...topology.queues, { name: names.q2, kind: 'classic' }],
        bindings: [...topology.bindings, { queue: names.q2, exchange: names.x, key: 'more' }],
      };
      const down = until(broker, 'down');
      bench.cut(broker);
      await down;
      for (const delivery of held) delivery.ack();
      assert.equal((await broker.publish(messageTo(names.x, 'k', 'd'), true)).kind, 'lost');
      assert.equal((await broker.declare(topology)).kind, 'lost');
      await until(broker, 'up');
      const again = await reader.next();
      assert.deepEqual([again.body.toString(), again.redelivered], ['a', true]);
      again.ack();
      assert.deepEqual(await reader.texts(2), ['b', 'c']);
      await broker.publish(messageTo(names.x, 'more', 'e'), true);
      await using more = new Reader(broker, names.q2);
      assert.deepEqual(await more.texts(1), ['e']);
    },
  );

  check('a cut while much is on its way loses nothing that is sent again', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    const texts = numbers(400);
    const send = async (text: string): Promise<void> => {
      for (;;) {
        const { kind } = await broker.publish(messageTo(names.x, 'k', text), true);
        if (kind === 'ok') return;
        assert.equal(kind, 'lost');
        assert.equal(broker.state.kind, 'down', 'or who sends it again would do so for ever');
        await until(broker, 'up');
      }
    };
    const sent = Promise.all(texts.map(send));
    bench.cut(broker);
    await sent;
    await using reader = new Reader(broker, names.q, 50);
    const seen = new Set<string>();
    while (seen.size < texts.length) for (const text of await reader.texts(1)) seen.add(text);
    assert.deepEqual([...seen].sort(), [...texts].sort());
  });

  check('while the broker takes nothing it says so and messages wait', async (bench, names) => {
    await using broker = await up(bench, () => topologyOf(names));
    await bench.block(true);
    // RabbitMQ tells a connection when it first publishes.
    const first = broker.publish(messageTo(names.x, 'k', 'a'), true);
    const state = await until(broker, 'blocked');
    assert.ok(state.kind === 'blocked' && state.why.length > 0);
    let answered = 0;
    const rest = numbers(300).map(async (text) => {
      const { kind } = await broker.publish(messageTo(names.x, 'k', text), true);
      answered++;
      return kind;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(answered, 0);
    await bench.block(false);
    await until(broker, 'up');
    assert.equal((await first).kind, 'ok');
    assert.deepEqual(new Set(await Promise.all(rest)), new Set(['ok']));
    await using reader = new Reader(broker, names.q, 100);
    assert.deepEqual(await reader.texts(301), ['a', ...numbers(300)]);
  });

  check('a closed one is closed for good, and what it held is for others', async (bench, names) => {
    await using other = await up(bench, () => topologyOf(names));
    const broker = await up(bench, () => topologyOf(names));
    const reader = new Reader(broker, names.q, 1);
    await broker.publish(messageTo(names.x, 'k', 'a'), true);
    await reader.next();
    await broker.close();
    assert.equal(broker.state.kind, 'closed');
    assert.equal((await broker.publish(messageTo(names.x, 'k', 'b'), true)).kind, 'lost');
    await using next = new Reader(other, names.q);
    assert.deepEqual(await next.texts(1), ['a']);
  });

  check('a queue can be declared later and removed, and whoever reads it gets it back', async (bench, names) => {
    const topology = topologyOf(names);
    await using broker = await up(bench, () => ({ exchanges: topology.exchanges, queues: [], bindings: [] }));
    await using owner = await up(bench, () => topology);
    assert.deepEqual(await broker.remove(names.q2), { kind: 'ok' });
    await using reader = new Reader(owner, names.q);
    assert.equal((await owner.publish(messageTo(names.x, 'k', 'a'), true)).kind, 'ok');
    assert.deepEqual(await reader.texts(1), ['a']);
    const down = until(owner, 'down');
    assert.deepEqual(await broker.remove(names.q), { kind: 'ok' });
    await down;
    await until(owner, 'up');
    assert.equal((await owner.publish(messageTo(names.x, 'k', 'b'), true)).kind, 'ok');
    assert.deepEqual(await reader.texts(1), ['b']);
    // Whoever removes what it reads itself may lose its connection before it hears that it is done.
    const gone = until(owner, 'down');
    assert.match((await owner.remove(names.q)).kind, /^(ok|lost)$/);
    await gone;
    const more = { ...topologyOf({ ...names, q: names.q2 }, {}, 'more') };
    assert.deepEqual(await broker.declare(more), { kind: 'ok' });
    assert.deepEqual(await broker.declare(more), { kind: 'ok' });
    assert.deepEqual(await broker.publish(messageTo(names.x, 'more', 'c'), true), { kind: 'ok' });
    const other = topologyOf({ ...names, q: names.q2 }, { maxMessages: 1 });
    assert.equal((await broker.declare(other)).kind, 'impossible');
    assert.equal(broker.state.kind, 'up');
  });
}
