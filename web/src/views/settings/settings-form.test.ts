import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bodyOf, changesOf, rebased } from './changes.ts';
import { type Draft, draftOf, linesOf, readNumber, valuesOf } from './draft.ts';
import { checkDraft, firstWrong, place, together } from './field-problems.ts';
import { byGroup, fieldsOf } from './fields.ts';
import { exampleView as view } from './fixtures.ts';

const fields = fieldsOf(view);
const formats = { network: (text: string) => /^[0-9.]+$/.test(text) };
const draft = draftOf(fields, view.values);
const check = (given: Draft) => checkDraft(fields, given, { values: view.values, schema: view.schema, formats });

test('each setting of the schema becomes a field of its kind, with what is known of it', () => {
  assert.deepEqual(
    fields.map(({ path, shape, isOptional }) => `${path} ${shape.kind}${isOptional ? ' optional' : ''}`),
    [
      'lan text',
      'cacheMiB number',
      'evict switch',
      'seatRule choice',
      'optOut lines',
      'vlans lines',
      'allow lines optional',
      'uplink.mbps number optional',
      'uplink.hours hours',
      'uplink.wasteShare number',
      'admin.host text',
      'admin.port number',
    ],
  );
  const of = (path: string) => fields.find((field) => field.path === path);
  assert.equal(of('uplink.mbps')?.unit, 'Mbit/s', 'what is said of the group counts for its members');
  assert.equal(of('uplink.wasteShare')?.unit, 'share');
  assert.deepEqual(
    byGroup(fields).map(({ group }) => group),
    ['line', 'torrents', 'memory', 'privacy', 'ports', 'page'],
  );
});

test('a number that may be nought or within a range is a number; an unknown kind is shown as it stands', () => {
  const scrub = {
    anyOf: [
      { type: 'number', const: 0 },
      { type: 'number', minimum: 0.1, maximum: 10 },
    ],
  };
  const made = fieldsOf({
    ...view,
    schema: { properties: { scrub, odd: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
  });
  assert.deepEqual(
    made.map(({ shape }) => shape),
    [{ kind: 'number', isWhole: false, min: 0, max: 10 }, { kind: 'raw' }],
  );
});

test('a setting of several kinds shows the fields of the kind that it is', () => {
  const values = { ...view.values, admin: { path: '/run/page.sock' } };
  const paths = fieldsOf({ ...view, values }).map(({ path }) => path);
  assert.ok(paths.includes('admin.path') && !paths.includes('admin.host'));
});

test('a setting of which nothing is said is shown, and cannot be changed', () => {
  const [bare] = fieldsOf({
    schema: { properties: { news: { type: 'boolean' } } },
    infos: [],
    defaults: {},
    values: {},
  });
  assert.deepEqual([bare?.path, bare?.group, bare?.applies], ['news', 'page', 'file-only']);
});

test('what was not touched stays as it was, to the letter', () => {
  assert.deepEqual(valuesOf(fields, draft, view.values), view.values);
  assert.deepEqual(changesOf(fields, view.values, draft), []);
  assert.deepEqual(bodyOf(fields, view.values, draft), {});
  assert.equal(check(draft).at.size, 0);
});

test('a share is entered as per cent, without the dust of binary fractions', () => {
  assert.equal(draft['uplink.wasteShare'], '7');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), (n) => {
      const entered = { ...draft, 'uplink.wasteShare': String(n / 100) };
      const values = valuesOf(fields, entered, view.values) as { uplink: { wasteShare: number } };
      return draftOf(fields, values)['uplink.wasteShare'] === String(n / 100);
    }),
  );
});

test('changes are told field by field and sent as whole settings of the first level', () => {
  const changed: Draft = {
    ...draft,
    evict: false,
    'uplink.mbps': '12,5',
    'uplink.hours': [],
    allow: '',
    optOut: '10.0.0.7\n10.0.0.8',
  };
  assert.deepEqual(
    changesOf(fields, view.values, changed).map(({ path, before, after }) => [path, before, after]),
    [
      ['evict', true, false],
      ['optOut', ['10.0.0.7'], ['10.0.0.7', '10.0.0.8']],
      ['uplink.mbps', undefined, 12.5],
      ['uplink.hours', [{ from: '08:00', to: '24:00', mbps: 20 }], []],
    ],
  );
  assert.deepEqual(bodyOf(fields, view.values, changed), {
    evict: false,
    optOut: ['10.0.0.7', '10.0.0.8'],
    uplink: { hours: [], wasteShare: 0.07, mbps: 12.5 },
  });
});

test('an optional setting that was emptied goes back to its default', () => {
  const values = { ...view.values, allow: ['aa'] };
  const emptied = { ...draftOf(fields, values), allow: ' ' };
  assert.deepEqual(bodyOf(fields, values, emptied), { allow: null });
});

test('what is no number is said to be none, at its field; a bound is said in the unit of the field', () => {
  const wrong: Draft = {
    ...draft,
    cacheMiB: 'much',
    'uplink.wasteShare': '140',
    vlans: '12 5000',
    optOut: 'x, 10.0.0.9',
  };
  const found = check(wrong);
  assert.deepEqual(
    [...found.at].map(([path, [first]]) => [path, first?.code, first?.row, first?.detail?.limit]),
    [
      ['cacheMiB', 'wrong-type', undefined, undefined],
      ['optOut', 'wrong-format', 0, undefined],
      ['vlans', 'too-large', 1, 4094],
      ['uplink.wasteShare', 'too-large', undefined, 100],
    ],
  );
  assert.equal(found.at.get('vlans')?.[0]?.entered, '5000');
  assert.equal(firstWrong(fields, found), 'cacheMiB');
});

test('a span of hours says which of its inputs is wrong', () => {
  const hours = [
    { from: '08:00', to: '24:00', mbps: '20' },
    { from: '8', to: '09:00', mbps: '' },
  ];
  const found = check({ ...draft, 'uplink.hours': hours }).at.get('uplink.hours');
  assert.deepEqual(
    found?.map(({ code, row, part }) => [code, row, part]),
    [
      ['wrong-format', 1, 'from'],
      ['wrong-type', 1, 'mbps'],
    ],
  );
});

test('what the box says is put to its field, a whole group to its first, and what belongs nowhere is kept', () => {
  const theirs = place(fields, draft, [
    { path: 'uplink', code: 'conflict' },
    { path: 'lan', code: 'conflict', detail: { with: 'wan' } },
    { path: '', code: 'conflict' },
  ]);
  assert.deepEqual([...theirs.at.keys()], ['uplink.mbps', 'lan']);
  assert.deepEqual(theirs.elsewhere, [{ path: '', code: 'conflict' }]);
  const ours = check({ ...draft, lan: '!', cacheMiB: '-1' });
  const all = together(theirs, ours);
  assert.equal(all.at.get('lan')?.[0]?.code, 'conflict');
  assert.equal(all.at.get('cacheMiB')?.[0]?.code, 'too-small');
});

test('what was entered is laid over what somebody else changed meanwhile, and clashes are told', () => {
  const own = { ...draft, evict: false, cacheMiB: '1024' };
  const theirs = { ...view.values, cacheMiB: 128, lan: 'eth0' };
  const { draft: laid, clashes } = rebased(fields, { values: view.values, draft: own }, theirs);
  assert.deepEqual([laid.evict, laid.cacheMiB, laid.lan], [false, '1024', 'eth0']);
  assert.deepEqual(clashes, ['cacheMiB']);
});

test('lists are read however they were pasted; a path stays whole', () => {
  assert.deepEqual(linesOf('10.0.0.1, 10.0.0.2；10.0.0.3\n\n 10.0.0.4 '), [
    '10.0.0.1',
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.4',
  ]);
  assert.deepEqual(linesOf(' /srv/my disk, old\n/srv/b'), ['/srv/my disk, old', '/srv/b']);
});

test('anything typed as a number is a number or stays what it is', () => {
  assert.deepEqual(
    ['1.5', ' 2 ', '1,5', '', 'x', '1e999'].map((text) => readNumber(text)),
    [1.5, 2, 1.5, '', 'x', '1e999'],
  );
  fc.assert(
    fc.property(fc.string(), (text) => typeof readNumber(text) === 'string' || Number.isFinite(readNumber(text))),
  );
});
