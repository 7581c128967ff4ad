import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIB, MIB } from '#base/units.ts';
import { runScenario } from './run.ts';
import { type ClientPlan, type OriginPlan, type Scenario, scenarioOf } from './scenario.ts';

/** As many as take some fifteen seconds; `node src/sim/main.ts` runs thousands. */
const SEEDS = 25;

test('the same seed has the same history, to the byte', async () => {
  const scenario = scenarioOf(12);
  assert.equal(scenario.theme, 'all');
  const [first, second] = [await runScenario(scenario), await runScenario(scenario)];
  assert.deepEqual(second, first);
});

for (let seed = 1; seed <= SEEDS; seed++) {
  const scenario = scenarioOf(seed);
  test(`seed ${seed} (${scenario.theme}): nobody is worse off, no byte is wrong, nothing is left`, async () => {
    const { violations, last } = await runScenario(scenario);
    assert.deepEqual(violations, [], last.slice(-40).join('\n'));
  });
}

// ---- what was found once ----

const BYTES = 600_000;
const origin: OriginPlan = {
  torrent: 0,
  ip: '203.0.113.1',
  port: 6_881,
  has: Array.from({ length: 20 }, (_, piece) => piece),
  habit: 'honest',
  fast: true,
  mse: false,
  metadata: 'yes',
  bytesPerS: 100 * KIB,
  latencyMs: 20,
  away: [],
};
const client: ClientPlan = {
  torrent: 0,
  ip: '192.168.1.10',
  arrivesMs: 0,
  byLastName: false,
  order: 'in order',
  wants: 'all',
  habit: 'honest',
  pipeline: 32,
  connections: 4,
  fast: true,
  extended: true,
  metadata: true,
  bytesPerS: 10 * MIB,
  staysMs: 0,
};
/** One client, one origin, and nothing that goes wrong. */
const plain: Scenario = {
  seed: 1,
  theme: 'clients',
  torrents: [{ kind: 'one file', bytes: BYTES, pieceLength: 32 * KIB }],
  origins: [origin],
  clients: [client],
  faults: [],
  box: {
    slots: 1,
    seats: 1,
    seatRule: 'priced',
    evicts: false,
    keepsBegun: false,
    steers: false,
    dht: false,
    limits: {},
    unsteered: 0,
  },
  wanBytesPerS: 10 * MIB,
  chunkBytes: 16 * KIB,
};

test('a torrent that was given up because nothing came gives its slot to the next one', async () => {
  const { violations, said, fromBoxBytes } = await runScenario({
    ...plain,
    torrents: [...plain.torrents, { kind: 'one file', bytes: BYTES + 1, pieceLength: 32 * KIB }],
    origins: [
      { ...origin, habit: 'silent' },
      { ...origin, torrent: 1, ip: '203.0.113.2' },
    ],
    clients: [client, { ...client, torrent: 1, ip: '192.168.1.11', arrivesMs: 60_000 }],
  });
  assert.equal(said.get('task refused: stalled'), 1);
  assert.deepEqual([violations, fromBoxBytes], [[], BYTES + 1]);
});

test('when the line is cut without a word the box dials anew before it gives the torrent up', async () => {
  const { violations, said, fromBoxBytes } = await runScenario({
    ...plain,
    faults: [{ kind: 'line cut', atMs: 3_000 }],
  });
  assert.equal(said.get('task refused: stalled'), undefined);
  assert.deepEqual([violations, fromBoxBytes], [[], BYTES]);
});

test('a client whose torrent the full disk takes no more of goes on with the origin itself', async () => {
  const { violations, said, boxed } = await runScenario({
    ...plain,
    faults: [{ kind: 'disk full', atMs: 2_000, forMs: 3_600_000 }],
  });
  assert.equal(said.has('client left: disk-full'), true);
  assert.deepEqual([violations, boxed], [[], 1]);
});
