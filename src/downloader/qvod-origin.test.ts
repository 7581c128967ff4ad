import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { infoHashOf } from '#base/units.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { QvodSeeder, type QvodSeedHabits } from '#wire/qvod/fake-seeder.ts';
import { type QvodFile, qvodFile } from '#wire/qvod/fixtures.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { parseNamedInfo } from '#wire/qvod/seed.ts';
import { Downloader } from './downloader.ts';
import { settle, TestWorld } from './fixtures.ts';

const { content } = oneFileTorrent(10 * 16_384 + 777, 16_384);
const file = qvodFile(content);
const infoHash = infoHashOf(file.hash);
const CALLER = newQvodPeerId(Buffer.from('QVOD0052'));
const qvodHello = encodeQvodHandshake({ infoHash, peerId: CALLER });

class QvodWorld extends TestWorld {
  readonly peers: QvodSeeder[] = [];
  readonly habits: QvodSeedHabits;
  readonly file: QvodFile;

  constructor(o: { habits?: QvodSeedHabits; file?: QvodFile } = {}) {
    const meta = parseNamedInfo(file.info, infoHash);
    assert.ok(meta.kind === 'ok');
    super({ meta: meta.value, content });
    this.habits = o.habits ?? {};
    this.file = o.file ?? file;
  }

  override async dial(): Promise<Duplex> {
    this.dials++;
    const [ours, theirs] = duplexPair();
    ours.on('close', () => theirs.destroy());
    theirs.on('close', () => ours.destroy());
    this.peers.push(new QvodSeeder(theirs, { ...this.file, hash: file.hash }, this.habits));
    return ours;
  }
}

function begin(world: QvodWorld): Downloader {
  const d = new Downloader(world, undefined, () => 0.5);
  d.start();
  d.addSources([{ ...world.source(1), qvodHello }]);
  return d;
}

test('a task that knows only a link’s hash is filled by a Qvod peer, in its dialect and in a client’s words', async () => {
  const world = new QvodWorld();
  const d = begin(world);
  await settle();
  assert.deepEqual(world.info, file.info);
  assert.equal(world.peers[0]?.caller, CALLER.toString('latin1'));
  d.setShape(world.torrent.meta, new Bitfield(world.torrent.meta.pieceCount));
  for (let i = 0; i < 20 && !world.complete; i++) {
    await settle();
    world.clock.advance(250);
  }
  assert.ok(world.content().equals(content));
  assert.deepEqual(world.peers[0]?.offences, []);
  assert.equal(world.dials, 1);
  // A tracker that names the same endpoint makes no BitTorrent peer of it.
  d.addSources([world.source(1)]);
  await d.close();
  await settle();
  assert.ok(world.peers.every((p) => p.closed));
});

test('a Qvod peer whose seed is of another file is banned; one that does not answer is dialled in no other tongue', async () => {
  const liar = new QvodWorld({ file: qvodFile(Buffer.from('something else')) });
  const d = begin(liar);
  await settle();
  assert.equal(liar.info, undefined);
  assert.equal(d.status().origins[0]?.state, 'banned');
  await d.close();

  const silent = new QvodWorld({ habits: { metafile: false } });
  const d2 = begin(silent);
  for (let i = 0; i < 40; i++) {
    await settle(4);
    silent.clock.advance(250);
  }
  assert.ok(
    silent.peers.every((p) => p.offences.length === 0),
    'it heard Qvod and nothing else',
  );
  await d2.close();
  await settle();
});

test('pieces of a Qvod peer that lies are refused', async () => {
  const world = new QvodWorld({ habits: { lies: true } });
  const d = begin(world);
  await settle();
  d.setShape(world.torrent.meta, new Bitfield(world.torrent.meta.pieceCount));
  for (let i = 0; i < 8; i++) {
    await settle();
    world.clock.advance(250);
  }
  assert.equal(world.kept.size, 0);
  assert.equal(d.status().origins[0]?.state, 'banned');
  await d.close();
  await settle();
});
