import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Topology } from '../broker.ts';
import { FakeRabbit } from '../fake-broker.ts';
import { decodeLog } from '../messages.ts';
import { TOLD } from '../names.ts';
import { DiarySender } from './diary.ts';
import { temporary, until } from './fixtures.ts';

const onError = (error: unknown): void => assert.fail(String(error));
/** A queue in the place of the stream, so that it can be seen what came. */
const topology: Topology = {
  exchanges: [{ name: TOLD }],
  queues: [{ name: 'seen', kind: 'quorum', maxMessages: 40 }],
  bindings: [{ queue: 'seen', exchange: TOLD, key: '#' }],
};

async function diaryOn(rabbit: FakeRabbit, path: string) {
  const scope = new Scope(onError);
  const book = FleetBook.open(path);
  const broker = rabbit.connect({ topology: () => topology, onError, parent: scope });
  const sender = new DiarySender({ book, broker, clock: realClock, log: silentLog, scope });
  const stop = async (): Promise<void> => {
    await scope.close();
    book[Symbol.dispose]();
  };
  const note = (code: string): void => {
    book.note({ atMs: 7, distribution: 'ab'.repeat(32), node: 't1', code, detail: '盘满' });
    sender.poke();
  };
  await until('up', () => broker.state.kind === 'up');
  return { book, broker, note, stop };
}

test('the log has each entry in order, over a full queue, a lost connection and a restart', async (t) => {
  const path = join(temporary(t), 'fleet.db');
  const rabbit = new FakeRabbit();
  const first = await diaryOn(rabbit, path);
  for (let i = 0; i < 60; i++) first.note(`entry-${i}`);
  await until('it is full', () => rabbit.depth('seen') === 40);
  const seen: { seq: number; code: string; messageId: string }[] = [];
  const read = async (count: number): Promise<void> => {
    const reader = rabbit.connect({ topology: () => topology, onError });
    reader.consume({
      queue: 'seen',
      prefetch: 8,
      onDelivery: (delivery) => {
        const { type, contentType = '', body, messageId } = delivery;
        const read = decodeLog({ type, contentType, body });
        assert.ok(read.kind === 'ok');
        assert.equal(read.value.detail, '盘满');
        if (!seen.some(({ seq }) => seq === read.value.seq)) seen.push({ ...read.value, messageId });
        delivery.ack();
      },
    });
    await until(`${count} are read`, () => seen.length === count);
    await reader.close();
  };
  await read(60);
  rabbit.cut(first.broker as never);
  first.note('entry-60');
  await read(61);
  await first.stop();
  const second = await diaryOn(rabbit, path);
  second.note('entry-61');
  await read(62);
  assert.equal(rabbit.depth('seen'), 0, 'what was told is not told again');
  await second.stop();
  assert.deepEqual(
    seen.map(({ seq, code }) => [seq, code]),
    Array.from({ length: 62 }, (_, i) => [i + 1, `entry-${i}`]),
  );
  assert.equal(new Set(seen.map(({ messageId }) => messageId)).size, 62);
});

test('what no reader would understand is passed over', async (t) => {
  const rabbit = new FakeRabbit();
  const { note, book, stop } = await diaryOn(rabbit, join(temporary(t), 'fleet.db'));
  note('NO CODE');
  note('fine');
  await until('it is told', () => rabbit.depth('seen') === 1);
  await until('it is kept', () => book.fact('diary told') === '2');
  await stop();
});
