import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Draft, EMPTY_DRAFT, publicationOf, sharesIn } from './draft.ts';

const NOW_MS = 1_000;
const known = new Set(['pc-1', 'pc-2']);
const asked = (over: Partial<Draft>, files = 1) =>
  publicationOf({ ...EMPTY_DRAFT, name: ' 补丁 ', ...over }, files, known, NOW_MS);
const flaw = (over: Partial<Draft>, files = 1): string => {
  const got = asked(over, files);
  return got.ok ? 'none' : `${got.flaw.at} ${got.flaw.why}`;
};

test('what was typed becomes what the central is asked', () => {
  const plain = { name: '补丁', kind: 'files', quorum: 0.9, deadlineMs: NOW_MS + 7 * 86_400_000 };
  assert.deepEqual(asked({}), { ok: true, publication: plain });
  const over: Partial<Draft> = { who: 'nodes', nodes: ' pc-1，pc-2\npc-1', isAtNight: true, rateMBps: '2,5' };
  assert.deepEqual(asked(over), {
    ok: true,
    publication: {
      ...plain,
      nodes: ['pc-1', 'pc-2'],
      window: { from: '01:00', until: '06:00' },
      rateBytesPerS: 2_500_000,
    },
  });
  assert.deepEqual(asked({ who: 'sites', sites: ['east'], nodes: 'left over' }), {
    ok: true,
    publication: { ...plain, sites: ['east'] },
  });
  const firmware: Partial<Draft> = { kind: 'firmware', compatible: 'box', version: '2', waves: '10 % 100 %' };
  assert.deepEqual(asked(firmware), {
    ok: true,
    publication: {
      ...plain,
      kind: 'firmware',
      firmware: { compatible: 'box', version: '2' },
      waves: { shares: [0.1, 1], mostFailed: 0.02 },
    },
  });
});

test('what is wrong is said at its field', () => {
  assert.equal(flaw({ name: ' ' }), 'name nameNeeded');
  assert.equal(flaw({ who: 'sites' }), 'sites siteNeeded');
  assert.equal(flaw({ who: 'nodes' }), 'nodes nodeNeeded');
  assert.equal(flaw({ who: 'nodes', nodes: 'pc-1 pc-9' }), 'nodes nodeUnknown');
  for (const rateMBps of ['0', 'x', '-1', '1e9', '100001']) assert.equal(flaw({ rateMBps }), 'rateMBps rateWrong');
  for (const quorum of ['', '0', '101', 'all']) assert.equal(flaw({ quorum }), 'quorum quorumWrong');
  for (const days of ['', '0', '366']) assert.equal(flaw({ days }), 'days daysWrong');
  assert.equal(flaw({ isAtNight: true, from: '' }), 'from needed');
  const firmware: Partial<Draft> = { kind: 'firmware', compatible: 'box', version: '2' };
  assert.equal(flaw(firmware), 'none');
  assert.equal(flaw(firmware, 2), 'files oneBundle');
  assert.equal(flaw({ ...firmware, compatible: '' }), 'compatible needed');
  assert.equal(flaw({ ...firmware, waves: '50, 10, 100' }), 'waves wavesWrong');
  assert.equal(flaw({ ...firmware, mostFailed: '101' }), 'mostFailed mostFailedWrong');
});

test('waves rise to all', () => {
  assert.deepEqual(sharesIn('1, 25、100'), [0.01, 0.25, 1]);
  assert.deepEqual(sharesIn('0 100'), [0, 1]);
  for (const text of ['', '100 100', '50', '0 0 100', 'a 100', '120']) assert.equal(sharesIn(text), undefined, text);
});
