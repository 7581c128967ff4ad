import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FleetBook } from '#index/fleet-book.ts';
import type { KnownNode } from '../central/nodes.ts';
import { keptOrders } from '../central/orders.ts';
import type { DistributionId } from '../manifest.ts';
import { Figures } from './figures.ts';

const START_MS = 1_000_000;
const SIZE = 1_000;

/** A book and nodes that a test changes; a look costs what `lookMs` says. */
function fleetOf(t: TestContext, names: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-figures-'));
  const book = FleetBook.open(join(folder, 'fleet.db'));
  t.after(() => {
    book[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  const nodes = new Map<string, KnownNode>();
  const put = (name: string, over: Partial<KnownNode> = {}) =>
    nodes.set(name, {
      name,
      role: 'terminal',
      site: 'east',
      version: '1',
      swarm: { ip: '10.0.0.1', port: 7 },
      freeBytes: 9,
      beganMs: START_MS,
      seenMs: START_MS,
      sinceMs: START_MS,
      online: true,
      ...nodes.get(name),
      ...over,
    });
  for (const name of names) put(name);
  const now = { ms: START_MS };
  let looks = 0;
  const figures = new Figures({
    book: {
      distributionBriefs: () => {
        looks++;
        return book.distributionBriefs();
      },
      targets: (id) => book.targets(id),
      targetBriefs: (id) => book.targetBriefs(id),
      target: (id, node) => book.target(id, node),
      distribution: (id) => book.distribution(id),
      installs: book.installs,
    },
    clock: { nowMs: () => now.ms },
    nodes: () => [...nodes.values()],
    elapsedMs: () => now.ms,
  });
  const publish = (id: string, state = 'open') => {
    const manifest = { v: 1, kind: 'files', name: id, rev: 1, sizeBytes: SIZE, fileCount: 2, infoHash: 'ab' };
    book.putDistribution({
      id,
      name: id,
      rev: 1,
      manifest: Buffer.from(JSON.stringify(manifest)),
      signature: Buffer.alloc(0),
      seed: null,
      source: null,
      orders: JSON.stringify(keptOrders({ sites: ['east'] }, now.ms)),
      state,
      why: null,
      createdMs: now.ms,
      changedMs: now.ms,
    });
    for (const name of nodes.keys()) book.putTarget(id, name, now.ms, {});
  };
  const later = (ms = 1_000) => {
    now.ms += ms;
  };
  return { figures, book, publish, put, later, now, looks: () => looks };
}

test('how far all are, at which pace, and who lacks what', (t) => {
  const { figures, book, publish, later, now } = fleetOf(t, ['a', 'b', 'c', 'd']);
  publish('patch');
  assert.equal(figures.summary().moving[0]?.bytesPerS, 0);
  later();
  book.putTarget('patch', 'a', now.ms, { state: 'done' });
  book.putTarget('patch', 'b', now.ms, { state: 'receiving', haveBytes: 500 });
  book.putTarget('patch', 'c', now.ms, { state: 'refused', why: 'disk-full', detail: 'no room' });
  const [moving] = figures.summary().moving;
  assert.deepEqual(moving?.nodes, { all: 4, waiting: 1, moving: 1, done: 1, failed: 1 });
  assert.deepEqual([moving?.haveBytes, moving?.bytesPerS, moving?.leftMs], [1_500, 1_500, 1_000]);
  const rows = figures.nodes().nodes.map(({ name, lacks, failing }) => [name, lacks, failing]);
  assert.deepEqual(rows, [
    ['a', 0, 0],
    ['b', 1, 0],
    ['c', 1, 1],
    ['d', 1, 0],
  ]);
  assert.equal(figures.node('c')?.targets[0]?.why, 'disk-full');
  assert.equal(figures.node('c')?.address, '10.0.0.1:7');
  assert.equal(figures.node('none'), undefined);
  assert.deepEqual(figures.distribution('patch')?.orders, {
    sites: ['east'],
    quorum: 0.9,
    deadlineMs: START_MS + 7 * 86_400_000,
  });
  assert.equal(figures.distribution('none'), undefined);
});

test('only what has changed is said again', (t) => {
  const { figures, book, publish, put, later, now } = fleetOf(t, ['a', 'b', 'c']);
  publish('patch');
  const first = figures.nodes();
  assert.deepEqual([first.isAll, first.nodes.length], [true, 3]);
  const targets = figures.targets('patch' as DistributionId);
  assert.deepEqual([targets?.isAll, targets?.targets.length], [true, 3]);
  later();
  assert.deepEqual(figures.nodes(first.rev), { rev: first.rev, isAll: false, nodes: [] });
  later();
  put('b', { online: false });
  book.putTarget('patch', 'c', now.ms, { state: 'done' });
  const next = figures.nodes(first.rev);
  assert.deepEqual(
    next.nodes.map(({ name }) => name),
    ['b', 'c'],
  );
  const changed = figures.targets('patch' as DistributionId, now.ms);
  assert.deepEqual(
    changed?.targets.map(({ node, online, haveBytes }) => [node, online, haveBytes]),
    [
      ['b', false, 0],
      ['c', true, SIZE],
    ],
  );
  assert.equal(figures.nodes(START_MS - 5).isAll, true, 'a number of an earlier process');
  assert.equal(figures.nodes(next.rev + 1).isAll, true);
});

test('that one is new or over is said, and how far they are is not', (t) => {
  const { figures, book, publish, later, now } = fleetOf(t, ['a']);
  publish('one');
  const { distributionsRev } = figures.summary();
  later();
  book.putTarget('one', 'a', now.ms, { state: 'receiving', haveBytes: 1 });
  assert.equal(figures.summary().distributionsRev, distributionsRev);
  later();
  book.setDistribution('one', 'complete', now.ms);
  assert.ok(figures.summary().distributionsRev > distributionsRev);
  assert.deepEqual(figures.summary().moving, []);
  assert.equal(figures.distributions({}).all, 1);
});

test('with many nodes the feed is small, and the book is read once a second for all who look', (t) => {
  const names = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
  const { figures, publish, later, looks } = fleetOf(t, names);
  for (let i = 0; i < 5; i++) publish(`d${i}`);
  assert.ok(JSON.stringify(figures.summary()).length < 4_000);
  assert.equal(figures.nodes().nodes.length, 1_000);
  const once = looks();
  for (let i = 0; i < 50; i++) figures.nodes(figures.nodes().rev);
  assert.equal(looks(), once);
  later();
  figures.summary();
  assert.equal(looks(), once + 1);
});
