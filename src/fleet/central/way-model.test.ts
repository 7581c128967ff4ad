import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '#base/seeded-random.ts';
import { INBOX_BYTES } from '../names.ts';
import { amqpSeconds, learned, type SiteModel, swarmSeconds, UNKNOWN_SITE, wayFor } from './way-model.ts';

const MB = 1e6;

/** A site as it is: how long each way truly takes. */
type Truth = { readonly amqpS: number; readonly amqpRate: number; readonly swarmS: number; readonly swarmRate: number };

function secondsAt(truth: Truth, swarm: boolean, sizeBytes: number, nodes: number): number {
  return swarm ? truth.swarmS + sizeBytes / truth.swarmRate : truth.amqpS + (nodes * sizeBytes) / truth.amqpRate;
}

/** After so many distributions of all sizes, chosen by what was believed, each a little longer or shorter than it should be. */
function after(truth: Truth, nodes: number, count: number): SiteModel {
  const random = new Random(7);
  let site: SiteModel = UNKNOWN_SITE;
  for (let i = 0; i < count; i++) {
    const sizeBytes = MB * 10 ** (3 * random.unit());
    const way = wayFor(site, sizeBytes, nodes);
    const seconds = secondsAt(truth, way === 'swarm', sizeBytes, nodes) * (0.9 + 0.2 * random.unit());
    site = learned(site, { way, sizeBytes, nodes, seconds });
  }
  return site;
}

/** The ways that are chosen for the same file again and again. */
function chosenAt(truth: Truth | ((at: number) => Truth), sizeBytes: number, nodes: number, count: number): string[] {
  let site: SiteModel = UNKNOWN_SITE;
  return Array.from({ length: count }, (_, at) => {
    const way = wayFor(site, sizeBytes, nodes);
    const seconds = secondsAt(typeof truth === 'function' ? truth(at) : truth, way === 'swarm', sizeBytes, nodes);
    site = learned(site, { way, sizeBytes, nodes, seconds });
    return way;
  });
}

test('what is small goes with its offer, what is large by the swarm, whatever is believed', () => {
  assert.equal(wayFor(UNKNOWN_SITE, 100_000, 60), 'inline');
  assert.equal(wayFor(UNKNOWN_SITE, 1_000 * MB, 60), 'swarm');
  const quick = learned(UNKNOWN_SITE, { way: 'chunks', sizeBytes: 100 * MB, nodes: 1, seconds: 0.002 });
  assert.equal(wayFor(quick, INBOX_BYTES + 1, 1), 'swarm');
});

test('behind a relay what is not small comes from there, over the line no second time', () => {
  const quick = learned(UNKNOWN_SITE, { way: 'chunks', sizeBytes: 10 * MB, nodes: 2, seconds: 0.01 });
  assert.deepEqual(
    [wayFor(quick, 10 * MB, 2), wayFor(quick, 10 * MB, 2, true), wayFor(quick, 0.5 * MB, 2, true)],
    ['chunks', 'swarm', 'inline'],
  );
});

test('a slow line to many nodes is learned: the swarm begins at a megabyte or two', () => {
  const site = after({ amqpS: 0.05, amqpRate: 5 * MB, swarmS: 0.3, swarmRate: 4 * MB }, 20, 60);
  assert.equal(wayFor(site, 3 * MB, 20), 'swarm');
  assert.ok(Math.abs(swarmSeconds(site, 100 * MB) / 25.3 - 1) < 0.3, `${swarmSeconds(site, 100 * MB)} s`);
});

test('where the broker is quick and nodes are few, AMQP carries what it may', () => {
  const site = after({ amqpS: 0.03, amqpRate: 300 * MB, swarmS: 0.8, swarmRate: 40 * MB }, 3, 60);
  assert.equal(wayFor(site, 20 * MB, 3), 'chunks');
  assert.ok(amqpSeconds(site, 20 * MB, 3) < 0.5);
});

test('a line much slower than was guessed is believed after one file, and one accident is not believed for ever', () => {
  const took = (site: SiteModel, way: 'inline' | 'swarm', mb: number, seconds: number): SiteModel =>
    learned(site, { way, sizeBytes: mb * MB, nodes: 10, seconds });
  let site = took(UNKNOWN_SITE, 'inline', 1, 2);
  assert.ok(amqpSeconds(site, MB, 10) > 1.8, `${amqpSeconds(site, MB, 10)} s`);
  site = took(site, 'swarm', 4, 1.7);
  assert.equal(wayFor(site, MB, 10), 'swarm');
  for (let i = 0; i < 5; i++) site = took(site, 'swarm', 1, 0.9);
  site = took(site, 'swarm', 1, 30);
  for (let i = 0; i < 3; i++) site = took(site, 'swarm', 1, 0.9);
  assert.ok(swarmSeconds(site, MB) < 1.4, `${swarmSeconds(site, MB)} s`);
});

test('each way is tried once with what is like it, when it may be quicker, and the quicker one is kept', () => {
  const truth: Truth = { amqpS: 0.1, amqpRate: 420 * MB, swarmS: 0.4, swarmRate: 28 * MB };
  const ways = chosenAt(truth, 100 * MB, 10, 60);
  assert.deepEqual([...new Set(ways.slice(0, 2))].toSorted(), ['chunks', 'swarm']);
  assert.ok(ways.filter((way) => way === 'swarm').length <= 6, ways.join());
});

test('a way that must be far slower is not tried', () => {
  let site = learned(UNKNOWN_SITE, { way: 'inline', sizeBytes: MB, nodes: 20, seconds: 4 });
  for (let i = 0; i < 3; i++) site = learned(site, { way: 'swarm', sizeBytes: 10 * MB, nodes: 20, seconds: 2.4 });
  assert.equal(wayFor(site, 10 * MB, 20), 'swarm');
});

test('a line that has changed is noticed, and looking costs little', () => {
  const before: Truth = { amqpS: 0.1, amqpRate: 200 * MB, swarmS: 1, swarmRate: 20 * MB };
  const later: Truth = { ...before, amqpS: 3 };
  const took = (at: number) => (at < 20 ? before : later);
  const ways = chosenAt(took, 10 * MB, 10, 400);
  assert.ok(ways.slice(0, 20).filter((way) => way === 'chunks').length >= 16, ways.join());
  const last = ways.slice(-200);
  assert.ok(last.filter((way) => way === 'swarm').length >= 190, last.join());
});

test('accidents do not put a way out of favour for ever', () => {
  let site: SiteModel = UNKNOWN_SITE;
  const took = (way: 'chunks' | 'swarm', seconds: number): void => {
    site = learned(site, { way, sizeBytes: 10 * MB, nodes: 10, seconds });
  };
  for (const seconds of [1, 1, 10]) took('chunks', seconds);
  took('swarm', 2);
  assert.equal(wayFor(site, 10 * MB, 10), 'chunks', 'one accident changes nothing');
  for (const seconds of [10, 10]) took('chunks', seconds);
  assert.equal(wayFor(site, 10 * MB, 10), 'swarm');
  let tries = 0;
  for (let i = 0; i < 300; i++) {
    const way = wayFor(site, 10 * MB, 10);
    if (way === 'chunks') tries++;
    took(way === 'chunks' ? 'chunks' : 'swarm', way === 'chunks' ? 1 : 2);
  }
  assert.ok(tries > 100, `${tries} of 300`);
});

test('a way that varies is not worth its luckiest outcome', () => {
  let site: SiteModel = UNKNOWN_SITE;
  for (const seconds of [0.23, 0.22, 0.23]) site = learned(site, { way: 'inline', sizeBytes: MB, nodes: 10, seconds });
  for (const seconds of [0.19, 0.31, 0.26]) site = learned(site, { way: 'swarm', sizeBytes: MB, nodes: 10, seconds });
  assert.equal(wayFor(site, MB, 10), 'inline');
});

test('whatever comes out, what is believed stays a time and a rate', () => {
  const outcome = fc.record({
    way: fc.constantFrom('inline' as const, 'chunks' as const, 'swarm' as const),
    sizeBytes: fc.integer({ min: 0, max: 1e12 }),
    nodes: fc.integer({ min: 0, max: 10_000 }),
    seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 40 }), (outcomes) => {
      const site = outcomes.reduce(learned, UNKNOWN_SITE);
      for (const sizeBytes of [1, MB, 1e12])
        for (const s of [amqpSeconds(site, sizeBytes, 60), swarmSeconds(site, sizeBytes)])
          assert.ok(s > 0 && Number.isFinite(s), `${s}`);
    }),
  );
});
