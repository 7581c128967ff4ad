/** What goes wrong: restarts, messages that come twice, disks that are full, and what is no message. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { CONTENT_TYPE } from '../messages.ts';
import { controlInbox, DATA, DOWN, dataInbox } from '../names.ts';
import { PieceFiles } from '../swarm/piece-files.ts';
import {
  type Bench,
  type Distribution,
  distribution,
  holds,
  nodeOf,
  offerOf,
  PIECE,
  ScriptedCentral,
  temporary,
} from './fixtures.ts';
import type { Files } from './gate.ts';
import { NODE_LIMITS } from './limits.ts';

const SIZE = 5 * PIECE + 100;

function assertThere({ folder }: Bench, { bytes }: Distribution): void {
  assert.ok(readFileSync(join(folder, 'patch.bin')).equals(bytes));
}

const drained = (central: ScriptedCentral, name: string): Promise<void> =>
  holds('both inboxes are empty', () =>
    [controlInbox(name), dataInbox(name)].every((queue) => {
      const { ready, consumers } = central.rabbit.queues.get(queue) ?? { ready: [], consumers: [] };
      return ready.length === 0 && consumers.every(({ unanswered }) => unanswered.size === 0);
    }),
  );

test('after a restart it goes on with what is there, and says what it said', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(SIZE);
  const first = await nodeOf(t, central, 'n1');
  await central.say('node.n1', offerOf(patch, 'chunks', false));
  await central.next('n1', 'ready');
  await central.seed('node.n1', patch);
  await central.next('n1', 'seeded');
  await central.pieces('node.n1', patch, [0, 3]);
  await drained(central, 'n1');
  await first.stop();
  const second = await nodeOf(t, central, 'n1', {}, join(first.folder, '..'));
  await central.say('node.n1', offerOf(patch, 'chunks', false));
  assert.deepEqual((await central.next('n1', 'ready')).have, [
    [0, 1],
    [3, 4],
  ]);
  await central.pieces('node.n1', patch, [1, 2, 4, 5]);
  assert.equal((await central.next('n1', 'done')).amqpBytes, SIZE - 2 * PIECE);
  assertThere(second, patch);
  await second.stop();
  const third = await nodeOf(t, central, 'n1', {}, join(first.folder, '..'));
  await holds('it names it', () =>
    central.heard.some(({ message }) => message.kind === 'hello' && message.have[0] === patch.id),
  );
  assertThere(third, patch);
});

test('a message that comes twice is heard once, each of them', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  const twice = async (message: Parameters<ScriptedCentral['say']>[1], id: string): Promise<void> => {
    for (let i = 0; i < 2; i++) await central.say('node.n1', message, id);
  };
  await twice(offerOf(patch, 'chunks', false), 'one');
  const bytes = patch.seedBytes.toString('base64');
  await twice({ kind: 'seed', id: patch.id, at: 0, bytes }, 'two');
  await twice({ kind: 'go', id: patch.id }, 'three');
  await twice({ kind: 'start', id: patch.id, givers: [], nodes: [], slot: 0 }, 'four');
  await central.next('n1', 'seeded');
  await central.pieces('node.n1', patch, [0, 0, 1, 2, 1, 3, 4, 4]);
  await central.pieces('node.n1', patch, [5, 5]);
  await central.next('n1', 'done');
  await twice({ kind: 'cancel', id: distribution(SIZE).id }, 'five');
  await twice({ kind: 'discover', epoch: 3 }, 'six');
  await drained(central, 'n1');
  await central.next('n1', 'ready');
  assert.deepEqual(central.unasked(), []);
  assert.equal(
    central.heard.filter(({ message }) => message.kind === 'hello' && message.epoch === 3).length,
    1,
    'asked twice by one message',
  );
  assertThere(bench, patch);
});

test('a cancel that comes again does not end what was offered since', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  const cancel = { kind: 'cancel', id: patch.id } as const;
  await central.say('node.n1', offerOf(patch, 'chunks'));
  await central.say('node.n1', cancel, 'cancel');
  await central.say('node.n1', offerOf(patch, 'chunks'));
  await central.next('n1', 'ready');
  await central.next('n1', 'ready');
  await central.say('node.n1', cancel, 'cancel');
  await drained(central, 'n1');
  await central.pieces('node.n1', patch);
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

test('connections that are cut all the time lose no word of it', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(40 * PIECE);
  await central.say('node.n1', offerOf(patch, 'inline'));
  for (let piece = 0; piece < 40; piece++) {
    await central.pieces('node.n1', patch, [piece]);
    if (piece % 4 === 0) central.rabbit.cut(bench.control);
    if (piece % 6 === 0) central.rabbit.cut(bench.data);
    if (piece % 10 === 0) await sleep(2);
  }
  await central.next('n1', 'ready');
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

/** A disk that takes so many pieces more. */
function disk(folder: string, room: { pieces: number; why: 'full' | 'failed' }) {
  return async (...[seed, log]: [Parameters<typeof PieceFiles.open>[0], Parameters<typeof PieceFiles.open>[2]]) => {
    const files = await PieceFiles.open(seed, folder, log);
    const isRoom = async (): Promise<boolean> => {
      const is = room.pieces-- > 0;
      await sleep(50);
      return is;
    };
    const slow: Pick<Files, 'keep' | 'keepRun'> = {
      keep: async (piece) => ((await isRoom()) ? files.keep(piece) : room.why),
      keepRun: async (first, bytes) => ((await isRoom()) ? files.keepRun(first, bytes) : room.why),
    };
    return new Proxy(files, {
      get: (target, name) => {
        if (name === 'keep' || name === 'keepRun') return slow[name];
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as Files;
  };
}

for (const [why, code] of [
  ['full', 'disk-full'],
  ['failed', 'disk'],
] as const)
  test(`a disk that is ${why} is told of once, and the next offer goes on`, async (t) => {
    const central = await ScriptedCentral.start(t);
    const room = { pieces: 2, why };
    const folder = temporary(t);
    const bench = await nodeOf(t, central, 'n1', { folder, openFiles: disk(folder, room) });
    const patch = distribution(SIZE);
    await central.say('node.n1', offerOf(patch, 'inline'));
    await central.next('n1', 'ready');
    await central.pieces('node.n1', patch);
    assert.equal((await central.next('n1', 'failed')).code, code);
    await drained(central, 'n1');
    bench.later(60_000);
    assert.deepEqual(central.unasked(), []);
    room.pieces = 100;
    await central.say('node.n1', offerOf(patch, 'inline'));
    const { have } = await central.next('n1', 'ready');
    assert.deepEqual(have, [[0, 2]]);
    await central.pieces('node.n1', patch, [2, 3, 4, 5]);
    await central.next('n1', 'done');
    assertThere({ ...bench, folder }, patch);
  });

test('a book that takes nothing for a while loses no message, and no end', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  const troubled = { send: 1, putTarget: 2 };
  const { send, putTarget } = bench.book;
  const failing = (method: keyof typeof troubled): void => {
    if (troubled[method]-- > 0) throw new Error('made up: the disk is full');
  };
  bench.book.send = (...said) => {
    failing('send');
    send.apply(bench.book, said);
  };
  bench.book.putTarget = (...said) => {
    failing('putTarget');
    putTarget.apply(bench.book, said);
  };
  await central.say('node.n1', offerOf(patch, 'inline'));
  await central.pieces('node.n1', patch);
  await central.next('n1', 'ready');
  await holds('it was not kept twice', () => {
    bench.later(NODE_LIMITS.silenceMs);
    return troubled.putTarget < 0;
  });
  await central.next('n1', 'done');
  assert.equal(bench.book.distribution(patch.id)?.state, 'whole');
  assert.deepEqual(central.unasked(), []);
});

test('what was whole before a restart, and not yet said to be, is said after it', async (t) => {
  const central = await ScriptedCentral.start(t);
  const first = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  let tries = 0;
  first.book.putTarget = () => {
    tries++;
    throw new Error('made up: the disk is full');
  };
  await central.say('node.n1', offerOf(patch, 'inline'));
  await central.pieces('node.n1', patch);
  await holds('it is in its place', () => tries > 0);
  await drained(central, 'n1');
  await first.stop();
  const second = await nodeOf(t, central, 'n1', {}, join(first.folder, '..'));
  await central.next('n1', 'done');
  assertThere(second, patch);
});

test('what there is no room for is refused, and what lies there already needs none', async (t) => {
  const central = await ScriptedCentral.start(t);
  let free = Math.ceil(SIZE * 1.01) - 1;
  const bench = await nodeOf(t, central, 'n1', { freeBytes: () => free });
  const patch = distribution(SIZE);
  await central.say('node.n1', offerOf(patch, 'inline'));
  assert.equal((await central.next('n1', 'refuse')).code, 'disk-full');
  free++;
  await central.say('node.n1', offerOf(patch, 'inline'));
  await central.next('n1', 'ready');
  await central.pieces('node.n1', patch, [0, 1, 2, 3]);
  await drained(central, 'n1');
  free = 2 * PIECE;
  await central.say('node.n1', offerOf(patch, 'inline'));
  assert.deepEqual((await central.next('n1', 'ready')).have, [[0, 4]]);
  await central.pieces('node.n1', patch, [4, 5]);
  await central.next('n1', 'done');
  assertThere(bench, patch);
});

test('so many are in work at once, the others are told to come later', async (t) => {
  const central = await ScriptedCentral.start(t);
  await nodeOf(t, central, 'n1');
  const patches = Array.from({ length: NODE_LIMITS.inWork + 1 }, (_, i) =>
    distribution(100, {}, undefined, `patch-${i}`),
  );
  for (const patch of patches) await central.say('node.n1', offerOf(patch, 'chunks'));
  const { id, code } = await central.next('n1', 'refuse');
  assert.equal(code, 'busy');
  const refused = patches.find((patch) => patch.id === id) as Distribution;
  for (let i = 0; i < NODE_LIMITS.inWork; i++) await central.next('n1', 'ready');
  const other = patches.find((patch) => patch !== refused) as Distribution;
  await central.pieces('node.n1', other);
  await central.next('n1', 'done');
  await central.say('node.n1', offerOf(refused, 'chunks'));
  await central.next('n1', 'ready');
});

test('what is not understood is answered when it is about something, and never stays', async (t) => {
  const central = await ScriptedCentral.start(t);
  await nodeOf(t, central, 'n1');
  const { id } = distribution(SIZE);
  const sent = { persistent: true, body: Buffer.from('{}'), contentType: CONTENT_TYPE };
  const say = (type: string, messageId: string, over = {}, exchange = DOWN) =>
    central.broker.publish({ ...sent, exchange, key: 'node.n1.x', type, messageId, ...over }, true);
  await say('reboot', 'a', { correlationId: id });
  await say('reboot', 'a', { correlationId: id });
  await say('offer', 'b', { correlationId: id, contentType: CONTENT_TYPE.replace('v=1', 'v=2') });
  await say('reboot', 'c');
  await say('reboot', 'd', { correlationId: 'no id' });
  await say('offer', 'e', { correlationId: id });
  await say('discover', '', { body: Buffer.from('{"epoch":1}') });
  await say('offer', 'f', { correlationId: id }, DATA);
  await say('piece', 'g', { correlationId: id, headers: { piece: -1 } }, DATA);
  await say('piece', 'h', { headers: { piece: 1 } }, DATA);
  await drained(central, 'n1');
  for (const what of ['message reboot', 'content type'])
    assert.match((await central.next('n1', 'failed')).detail ?? '', new RegExp(what));
  assert.deepEqual(central.unasked(), []);
});

test('whatever lies in its inboxes, it goes on', async (t) => {
  const central = await ScriptedCentral.start(t);
  const bench = await nodeOf(t, central, 'n1');
  const patch = distribution(SIZE);
  const id = fc.constantFrom(patch.id, 'f'.repeat(64), '', 'x');
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.record({ id, at: fc.nat(), bytes: fc.base64String(), epoch: fc.nat(), slot: fc.nat() }).map((said) => {
      return Buffer.from(JSON.stringify(said));
    }),
    fc
      .record({ id, givers: fc.constant([]), nodes: fc.constant([{ ip: '127.73.9.9', port: 1 }]), slot: fc.nat(3) })
      .map((said) => Buffer.from(JSON.stringify(said))),
  );
  const garbage = fc.record({
    exchange: fc.constantFrom(DOWN, DATA),
    key: fc.constantFrom('all.x', 'site.east.offer', 'node.n1.piece'),
    type: fc.oneof(fc.constantFrom('offer', 'seed', 'go', 'start', 'cancel', 'discover', 'piece'), fc.string()),
    messageId: fc.string(),
    correlationId: id,
    contentType: fc.constantFrom(CONTENT_TYPE, '', 'text/plain'),
    headers: fc.dictionary(fc.constantFrom('piece', 'x'), fc.oneof(fc.integer(), fc.string(), fc.boolean())),
    persistent: fc.boolean(),
    body,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(garbage, { maxLength: 20 }), async (messages) => {
      for (const message of messages) await central.broker.publish(message, false);
      await drained(central, 'n1');
    }),
    { numRuns: 30 },
  );
  await central.say('node.n1', offerOf(patch, 'inline'));
  await central.pieces('node.n1', patch);
  await central.next('n1', 'done');
  assertThere(bench, patch);
});
