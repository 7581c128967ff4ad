/** Everything goes wrong at once in a fleet of real processes around a real RabbitMQ, and whoever is healthy ends with the right bytes, once. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANYONE } from '../../src/fleet/fixtures.ts';
import { auditorRights, type Rights } from '../../src/fleet/rights.ts';
import { SWARM_LIMITS } from '../../src/fleet/swarm/limits.ts';
import { Fleet, type FleetSaid, sha256, type TargetSaid } from './fleet.ts';

const options = { skip: process.getuid?.() === 0 ? false : 'network namespaces need root', timeout: 400_000 };
const MIB = 1 << 20;
const BIG = 48 * MIB;
const SMALL = 300_000;
const FULL = 'east-9';
type Row = FleetSaid['distributions'][number];

const withTries = async <T>(what: string, look: () => Promise<T | undefined>, limitMs = 180_000): Promise<T> => {
  let trouble: unknown;
  for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(100)) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      trouble = error; // the central is being started
    }
  }
  throw new Error(`not in time: ${what}`, { cause: trouble });
};

class Chaos {
  readonly fleet: Fleet;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** A file of so many bytes; it may have to be asked for again, and is published once. */
  async publish(bytes: number, name: string): Promise<{ id: string; name: string; sum: string }> {
    const content = randomBytes(bytes);
    await writeFile(join(this.fleet.dir, name), content);
    const asked = { path: join(this.fleet.dir, name) };
    const { id } = await withTries('published', () => this.fleet.ask<{ id: string }>('POST', '/publish', asked));
    return { id, name, sum: sha256(content) };
  }

  async row(id: string) {
    const { distributions } = await this.fleet.said();
    return distributions.find((row) => row.id === id);
  }

  targets(what: string, id: string, is: (targets: readonly TargetSaid[]) => boolean): Promise<readonly TargetSaid[]> {
    let last = '';
    return withTries(what, async () => {
      const targets = (await this.row(id))?.targets ?? [];
      const said = targets.map(({ node, state, why, haveBytes }) => `${node} ${state} ${why ?? ''} ${haveBytes}`);
      last = said.join('\n');
      return is(targets) ? targets : undefined;
    }).catch((error: unknown) => Promise.reject(new Error(`${what}:\n${last}`, { cause: error })));
  }

  /** Bytes of a file that is not whole, as they lie on the disk. */
  async lyingThere(name: string, infoHash: string): Promise<number> {
    const part = join(folderOf(this.fleet, name), '.swarmbox-part', infoHash, '大.bin');
    return stat(part).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    );
  }

  async killAndRun(...names: string[]): Promise<void> {
    await Promise.all(names.map((name) => this.fleet.kill(name)));
    for (const name of names) this.fleet.run(name);
  }

  /** What happened is in the diary, and an auditor reads the same from the broker. */
  async tells(big: string, small: string, forged: string): Promise<void> {
    type Note = { seq: number; code: string; node: string | null; distribution: string | null; why: string | null };
    const wanted = [
      ['central-started'],
      ['central-started'],
      ['central-started'],
      ['broker-gone'],
      ['broker-back'],
      ['published', big],
      ['published', small],
      ['node-restarted', 'east-relay'],
      ['node-restarted', 'east-2'],
      ['node-restarted', 'east-7'],
      ['relays-done', big],
      ['warned', big, 'wrong-pieces'],
      ['refused', forged, 'east-5', 'not-signed'],
      ['failed', big, FULL, 'disk-full'],
      ['converged', big],
    ];
    const lacks = (notes: readonly Note[]): string[][] => {
      const left = [...notes];
      return wanted.filter((words) => {
        const at = left.findIndex(({ code, node, distribution, why }) =>
          words.every((word) => [code, node, distribution, why].includes(word)),
        );
        if (at >= 0) left.splice(at, 1);
        return at < 0;
      });
    };
    const notes = await withTries('the diary says all of it', async () => {
      const said = await this.fleet.ask<Note[]>('GET', '/notes?limit=1000');
      if (lacks(said).length > 0) throw new Error(`not told: ${lacks(said).join(' | ')} in ${JSON.stringify(said)}`);
      return said;
    });
    const lines = (await this.runAs('auditor', auditorRights(), 'log.ts')).trim().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { from: string; said?: Note });
    const told = entries.flatMap(({ from, said }) => (from === 'central' && said ? [said] : []));
    const bySeq = new Map(told.map((note) => [note.seq, note]));
    for (const { seq, code } of notes) assert.equal(bySeq.get(seq)?.code, code, `the log lacks entry ${seq}`);
    const done = new Set(entries.flatMap(({ from, said }) => (said && 'ms' in said ? [from] : [])));
    for (const { name } of this.fleet.machines) assert.ok(name === FULL || done.has(name), `and what ${name} said`);
  }

  /** A program of this folder beside the broker, with a user of its own there. What it says. */
  async runAs(user: string, rights: Rights, program: string, ...args: string[]): Promise<string> {
    await this.fleet.allow(user, rights);
    const config = join(this.fleet.dir, `${user}.json`);
    await writeFile(config, JSON.stringify({ broker: this.fleet.brokerFor(user) }));
    return this.fleet.command('centre', [execPath, join(import.meta.dirname, program), config, ...args]);
  }
}

test('broker, central, relay and terminals are killed, one lies, one forges, one has no room', options, async () => {
  await using fleet = await Fleet.start({
    prefix: 'sbx-chaos-',
    sites: ['east'],
    terminals: 10,
    lineMbit: 30,
    siteMbit: 200,
    diskMib: { [FULL]: 80 },
  });
  const chaos = new Chaos(fleet);
  const terminals = fleet.machines.filter(({ role }) => role === 'terminal').map(({ name }) => name);
  const big = await chaos.publish(BIG, '大.bin');
  const { manifest } = await withTries('it is known', () => chaos.row(big.id));
  await liar(fleet, manifest);
  const has = (share: number, ...names: string[]) =>
    withTries(`${share} at one of ${names}`, async () => {
      for (const name of names) if ((await chaos.lyingThere(name, manifest.infoHash)) >= share * BIG) return true;
      return undefined;
    });

  await has(0.2, 'east-relay');
  await chaos.killAndRun('central');
  await has(0.5, 'east-relay');
  await chaos.killAndRun('east-relay');
  await has(0.1, ...terminals);
  const small = await chaos.publish(SMALL, '小.bin');
  await writeFile(join(folderOf(fleet, FULL), 'his own'), Buffer.alloc(70 * MIB)).catch(() => {});
  await fleet.broker?.kill();
  const fifth = ['east-2', 'east-7'];
  const lying = await Promise.all(
    fifth.map(async (name) => [name, await chaos.lyingThere(name, manifest.infoHash)] as const),
  );
  await chaos.killAndRun(...fifth, 'east-relay', 'central');
  await fleet.broker?.start();
  const forged = (await chaos.runAs('forger', ANYONE.rights, 'forger.ts', 'east-5')).trim();

  const isDone = ({ node, state }: TargetSaid): boolean => node === FULL || state === 'done';
  await chaos.targets('all that are healthy have the large one', big.id, (all) => all.every(isDone));
  await chaos.targets('all that are healthy have the small one', small.id, (all) => all.every(isDone));
  await chaos.targets('the full one is told of', big.id, (all) =>
    all.some(({ node, state, why }) => node === FULL && ['failed', 'refused'].includes(state) && why === 'disk-full'),
  );
  assert.match((await chaos.row(big.id))?.state ?? '', /converged|partial/);

  for (const { name, folder } of fleet.machines) {
    const log = await fleet.logOf(name);
    assert.doesNotMatch(log, /"bug"|uncaught|in trouble/, name);
    if (name === FULL) continue;
    for (const file of [big, small]) assert.equal(sha256(await readFile(join(folder, file.name))), file.sum, name);
    assertOnce(name, log, big, BIG, 4 * manifest.pieceLength + LIES);
    assertOnce(name, log, small, SMALL, AMQP_AGAIN);
  }
  for (const [name, bytes] of lying) {
    const { hadBytes } = wholeIn(await fleet.logOf(name), big.id);
    assert.ok(hadBytes >= bytes - UNWRITTEN, `${name} had ${bytes} before it was killed and ${hadBytes} after`);
  }
  await chaos.tells(big.id, small.id, forged);
});

/** What a liar may give before his first piece is whole, and known to be wrong: what is asked of a neighbour at first, by whole pieces. */
const LIES = SWARM_LIMITS.leastWindow + MIB;
/** What may come twice over AMQP after a connection went: what was in the hands of the node, and not yet acked. All of the small one, here. */
const AMQP_AGAIN = SMALL;
/** Pieces that were being written. */
const UNWRITTEN = MIB;

type Whole = {
  amqpBytes: number;
  swarmBytes: number;
  hadBytes: number;
  receivedBytes: number;
  lateBytes: number;
};

/** What a node said of a distribution when it was whole: of the process that ended it. */
function wholeIn(log: string, id: string): Whole {
  const lines = log.split('\n').filter((line) => line.includes('"distribution whole"') && line.includes(id));
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? '') as Whole;
}

/**
 * Nothing is sent twice that was here. What may be on top: `more`, and what was asked of a second neighbour because the first gave nothing for seconds (`lateBytes`: none, or
 * the one piece that moves at the end, where processors keep up). Of `more`: a neighbour that is killed costs the piece of his that was begun; four are.
 */
function assertOnce(name: string, log: string, { id }: { id: string }, size: number, more: number): void {
  const { amqpBytes, swarmBytes, hadBytes, receivedBytes, lateBytes } = wholeIn(log, id);
  assert.equal(amqpBytes + swarmBytes, size - hadBytes, `${name}: what is kept is kept once`);
  const twice = receivedBytes - (size - hadBytes);
  assert.ok(twice <= lateBytes + more, `${name}: ${twice} bytes came twice, ${lateBytes} were late`);
  assert.ok(lateBytes <= size / 4, `${name}: ${lateBytes} bytes were late`);
}

const folderOf = (fleet: Fleet, node: string): string => fleet.machines.find(({ name }) => name === node)?.folder ?? '';

async function liar(fleet: Fleet, { infoHash, sizeBytes, pieceLength }: Row['manifest']): Promise<void> {
  const peers = fleet.machines.map(({ name }) => fleet.placeOf(name)).map(({ ip, port }) => `${ip}:${port}`);
  const pieces = String(Math.ceil(sizeBytes / pieceLength));
  await fleet.runOther('liar', 'east', 200, (ip) => [
    join(import.meta.dirname, 'liar.ts'),
    infoHash,
    pieces,
    ip,
    ...peers,
  ]);
}
