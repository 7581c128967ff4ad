import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { ClientConnection } from './client-connection.ts';
import { handshakeOf, TestStream, TestTask, turn } from './fixtures.ts';

const torrent = oneFileTorrent(6 * 16_384, 16_384);

/** A client of a task that has everything and chooses what it is told of. */
async function connect(t: { after(end: () => void): void }, fast = true) {
  const task = new TestTask(torrent);
  task.field.setAll();
  task.steersNow = true;
  const stream = new TestStream();
  const client = new ClientConnection(stream, handshakeOf(task, { fast }), task, Buffer.alloc(0), silentLog);
  t.after(() => client.close('the test is over'));
  await turn();
  return { task, stream, client };
}
const kinds = (messages: { kind: string; piece?: number }[]) => messages.map((m) => [m.kind, m.piece]);

test('a steered client hears of no piece but those that it is offered, until it is told of all', async (t) => {
  const { stream, client } = await connect(t);
  assert.deepEqual(
    stream.take(true).map((m) => m.kind),
    ['have-none', 'extended'],
  );
  client.announce(0);
  client.telling.offer(3);
  client.telling.offer(3);
  client.telling.offer(1);
  await turn();
  assert.deepEqual(kinds(stream.take()), [
    ['have', 3],
    ['have', 1],
  ]);
  assert.ok(client.telling.knows(3) && !client.telling.knows(0));
  client.telling.tellAll();
  await turn();
  assert.deepEqual(
    stream.take().map((m) => m.kind === 'have' && m.piece),
    [0, 2, 4, 5],
    'the last two together',
  );
  assert.equal(client.telling.steered, false);
});

test('suggestions are for clients of the fast extension alone (BEP 6)', async (t) => {
  for (const fast of [true, false]) {
    const { stream, client } = await connect(t, fast);
    stream.take(true);
    client.telling.suggest(2);
    await turn();
    assert.deepEqual(kinds(stream.take()), fast ? [['suggest', 2]] : []);
    assert.equal(client.telling.takesSuggestions, fast);
  }
});

test('a piece that the client was not told of is lost without a word, and not told of later', async (t) => {
  const { task, stream, client } = await connect(t);
  stream.take(true);
  task.field.clear(2);
  client.lost(2);
  client.telling.tellAll();
  await turn();
  assert.deepEqual(
    stream.take().map((m) => m.kind === 'have' && m.piece),
    [0, 1, 3, 4],
    'one of the other five waits for the last',
  );
});
