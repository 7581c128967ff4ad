/** Nodes with their own rights at a real RabbitMQ, which dies on the way. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrivateBroker } from '../../../scripts/fleet/private-broker.ts';
import { amqpBroker } from '../amqp-broker.ts';
import { until } from '../compliance.ts';
import { DATA } from '../names.ts';
import { centralRights, terminalRights } from '../rights.ts';
import { type Connect, distribution, nodeOf, offerOf, PIECE, pieceOf, piecesOf, ScriptedCentral } from './fixtures.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 300_000 };
const NODES = ['n1', 'n2', 'n3'];
/** RabbitMQ 3.10 has a replicated queue for sure a little after it has said so. */
const SETTLES_MS = 5_000;
const password = 'made up';

let rabbit: PrivateBroker;
if (!options.skip) {
  before(async () => {
    const nodes = NODES.map((name) => ({ name, password, rights: terminalRights(name, 'east') }));
    rabbit = await PrivateBroker.start({
      vhost: 'fleet',
      users: [{ name: 'central', password, rights: centralRights() }, ...nodes],
    });
  });
  after(async () => {
    const left = await rabbit.ctl('list_connections', 'client_properties');
    await rabbit[Symbol.asyncDispose]();
    assert.equal(left.trim(), '', 'no client is left');
  });
}

const connect: Connect = (user, topology) => {
  const server = { host: '127.0.0.1', port: rabbit.port, vhost: 'fleet', name: user, login: { user, password } };
  const onError = (error: unknown): void => {
    throw error;
  };
  return amqpBroker(server, { topology, onError });
};

test(
  'RabbitMQ dies while chunks are on their way: each node asks for what it lacks, and gets it',
  options,
  async (t) => {
    const central = await ScriptedCentral.start(t, connect);
    const benches = await Promise.all(NODES.map((name) => nodeOf(t, central, name)));
    await sleep(SETTLES_MS);
    const patch = distribution(256 * PIECE + 1);
    await central.say('site.east', offerOf(patch, 'chunks'));
    for (const name of NODES) await central.next(name, 'ready');
    await central.say('site.east', { kind: 'go', id: patch.id }, undefined, DATA);
    const sent = piecesOf(patch).map((piece) => central.tryPiece('site.east', patch, piece, pieceOf(patch, piece)));
    await Promise.all(sent.slice(0, 100));
    await rabbit.kill();
    await Promise.all(sent);
    await rabbit.start();
    await until(central.broker, 'up');
    let isOver = false;
    const answers = NODES.map(async (name) => {
      while (!isOver) {
        const want = central.asked(name, 'want');
        for (const [first = 0, end = 0] of want?.pieces ?? [])
          for (let piece = first; piece < end; piece++)
            await central.tryPiece(`node.${name}`, patch, piece, pieceOf(patch, piece));
        await sleep(20);
      }
    });
    for (const name of NODES) assert.equal((await central.next(name, 'done', 120_000)).amqpBytes, 256 * PIECE + 1);
    isOver = true;
    await Promise.all(answers);
    for (const { folder } of benches) assert.ok(readFileSync(join(folder, 'patch.bin')).equals(patch.bytes));
  },
);
