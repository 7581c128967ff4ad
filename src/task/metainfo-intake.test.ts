import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import { madeTorrent } from '#wire/made-torrent.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { layersOf } from '#wire/piece-layers.ts';
import { type IntakeWorld, MetainfoIntake } from './metainfo-intake.ts';

function made(version: 'v1' | 'hybrid' | 'v2') {
  const content = [{ path: ['a'], bytes: randomBytes(5 * BLOCK_BYTES) }];
  const { torrentFile, info } = madeTorrent(version, content, 2 * BLOCK_BYTES);
  const parsed = parseMetainfo(torrentFile);
  assert.ok(parsed.kind === 'ok');
  return { meta: parsed.value, infoBytes: encode(info), layers: layersOf(parsed.value) ?? Buffer.alloc(0) };
}

function intakeOf(infoHash: InfoHash, over: Partial<IntakeWorld> = {}) {
  const said: string[] = [];
  const intake = new MetainfoIntake({
    infoHash,
    identified: (meta) => said.push(`named ${meta.ids.length}`) > 0,
    refusal: () => undefined,
    usable: (meta: Metainfo) => void said.push(`usable ${meta.pieceRoots !== undefined}`),
    better: (meta: Metainfo) => void said.push(`better ${meta.pieceRoots !== undefined}`),
    keep: (meta: Metainfo) => void said.push(`keep ${meta.pieceRoots !== undefined}`),
    leave: (why) => void said.push(`leave ${why}`),
    log: silentLog,
    ...over,
  });
  return { intake, said };
}

test('v1 is usable with its info dictionary, and is told of once', () => {
  const { meta, infoBytes, layers } = made('v1');
  const { intake, said } = intakeOf(meta.infoHash);
  intake.gotInfo(infoBytes, 'a client');
  intake.gotInfo(infoBytes, 'an origin');
  intake.gotLayers(layers, 'an origin');
  assert.deepEqual(said, ['named 1', 'keep false', 'usable false']);
  assert.equal(intake.lacksLayers, undefined);
});

test('v2 is of no use before its layers are known; wrong layers change nothing', () => {
  const { meta, infoBytes, layers } = made('v2');
  const { intake, said } = intakeOf(meta.infoHash);
  intake.gotInfo(infoBytes, 'a client');
  assert.deepEqual(said, ['named 1', 'keep false']);
  assert.equal(intake.lacksLayers?.infoHash, meta.infoHash);
  const wrong = Buffer.from(layers);
  wrong[40] = (wrong[40] as number) ^ 1;
  intake.gotLayers(wrong, 'an origin');
  intake.gotLayers(layers.subarray(32), 'an origin');
  assert.equal(said.length, 2);
  intake.gotLayers(layers, 'an origin');
  intake.gotLayers(layers, 'a client');
  assert.deepEqual(said.slice(2), ['keep true', 'usable true']);
  assert.equal(intake.lacksLayers, undefined);
});

test('a hybrid is usable at once, by either name, and better with its layers', () => {
  const { meta, infoBytes, layers } = made('hybrid');
  for (const id of meta.ids) {
    const { intake, said } = intakeOf(id);
    intake.gotInfo(infoBytes, 'a client');
    intake.gotLayers(layers, 'an origin');
    assert.deepEqual(said, ['named 2', 'keep false', 'usable false', 'keep true', 'better true']);
  }
});

test('what the index remembers is not written again; layers that went bad there are asked for again', () => {
  const { meta, infoBytes, layers } = made('v2');
  const whole = intakeOf(meta.infoHash);
  whole.intake.gotInfo(infoBytes, 'the index', layers);
  assert.deepEqual(whole.said, ['named 1', 'usable true']);
  const damaged = intakeOf(meta.infoHash);
  damaged.intake.gotInfo(infoBytes, 'the index', layers.subarray(1));
  assert.deepEqual(damaged.said, ['named 1']);
  assert.ok(damaged.intake.lacksLayers);
});

test('what another task has already, or policy refuses, is left; what is not the torrent is ignored', () => {
  const { meta, infoBytes } = made('hybrid');
  const elsewhere = intakeOf(meta.infoHash, { identified: () => false });
  elsewhere.intake.gotInfo(infoBytes, 'a client');
  assert.deepEqual(elsewhere.said, ['leave undefined']);
  const refused = intakeOf(meta.infoHash, { refusal: () => 'private' });
  refused.intake.gotInfo(infoBytes, 'a client');
  assert.deepEqual(refused.said, ['named 2', 'leave private']);
  const lied = intakeOf(meta.infoHash);
  lied.intake.gotInfo(made('hybrid').infoBytes, 'a client');
  assert.deepEqual(lied.said, []);
});
