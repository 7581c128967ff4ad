import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '#kernel/command.ts';
import { RaucSystem } from './rauc-system.ts';

const never = new AbortController().signal;
const ended = (output: string, status = 0): CommandResult => ({ kind: 'ended', status, output });

/** As RAUC 1.13 says it. */
const status = (of: { primary?: string; a?: object; b?: object } = {}): CommandResult =>
  ended(
    JSON.stringify({
      compatible: 'swarmbox-x86-64',
      variant: '',
      booted: 'A',
      boot_primary: of.primary ?? 'system.0',
      slots: [
        {
          'system.1': {
            class: 'system',
            device: '/dev/swarmbox/b',
            type: 'raw',
            bootname: 'B',
            state: 'inactive',
            parent: null,
            mountpoint: null,
            boot_status: 'bad',
            slot_status: {},
            ...of.b,
          },
        },
        {
          'system.0': {
            class: 'system',
            device: '/dev/swarmbox/a',
            type: 'raw',
            bootname: 'A',
            state: 'booted',
            boot_status: 'good',
            slot_status: { bundle: { version: '0.9.0' } },
            ...of.a,
          },
        },
      ],
    }),
  );
const good = { boot_status: 'good', slot_status: { bundle: { compatible: 'swarmbox-x86-64', version: '1.2.0' } } };

function system(answers: Readonly<Record<string, CommandResult | (() => CommandResult | Promise<CommandResult>)>>) {
  const asked: string[] = [];
  const rauc = new RaucSystem({
    version: '1.0.0',
    signal: never,
    run: async (program, args) => {
      const words = [program, ...args].join(' ');
      asked.push(words);
      const found = Object.entries(answers).find(([start]) => words.startsWith(start))?.[1];
      assert.ok(found, `nobody answers ${words}`);
      return typeof found === 'function' ? found() : found;
    },
  });
  return { rauc, asked };
}

const STATUS = 'rauc status --detailed --output-format=json';

test('the slots are told as they are, the running one under the version that runs', async () => {
  const { rauc } = system({ [STATUS]: status({ primary: 'system.1', b: good }) });
  const view = await rauc.view();
  assert.deepEqual(view, {
    canUpdate: true,
    version: '1.0.0',
    needsReboot: true,
    slots: [
      { name: 'B', version: '1.2.0', state: 'good' },
      { name: 'A', version: '1.0.0', state: 'running' },
    ],
  });
  const first = await system({ [STATUS]: status() }).rauc.view();
  assert.deepEqual([first.needsReboot, first.slots[0]], [false, { name: 'B', state: 'empty' }]);
  const broken = await system({ [STATUS]: status({ b: { ...good, boot_status: 'bad' } }) }).rauc.view();
  assert.equal(broken.slots[0]?.state, 'bad');
});

test('where RAUC does not answer nothing can be updated', async () => {
  const no: CommandResult[] = [
    ended('no service\n', 1),
    ended('no JSON'),
    ended('{"slots": 7}'),
    { kind: 'late' },
    { kind: 'cut' },
  ];
  for (const answer of [...no, { kind: 'failed', why: 'not there' } as const]) {
    const view = await system({ [STATUS]: answer }).rauc.view();
    assert.deepEqual(view, { canUpdate: false, version: '1.0.0', slots: [], needsReboot: false });
  }
});

const info = (more: object): CommandResult =>
  ended(`(rauc:7): rauc-WARNING **: something\n${JSON.stringify({ compatible: 'swarmbox-x86-64', ...more })}`);

test('a bundle is known by what its signed manifest says', async () => {
  const inspected = (answer: CommandResult) =>
    system({ 'rauc info': answer, [STATUS]: status() }).rauc.inspect('/data/bundle', never);
  assert.deepEqual(await inspected(info({ version: '1.10.0', description: '说明' })), {
    kind: 'bundle',
    meta: { version: '1.10.0', notes: '说明', isOlder: false },
  });
  const older = await inspected(info({ version: '0.9.9' }));
  assert.ok(older.kind === 'bundle' && older.meta.isOlder && older.meta.notes === '');
  const why = async (answer: CommandResult): Promise<string> => {
    const found = await inspected(answer);
    return found.kind === 'failed' ? found.why : 'taken';
  };
  assert.match(await why(info({ version: '1.1.0', compatible: 'toaster' })), /another device \(toaster\)/);
  assert.match(await why(info({})), /which version/);
  assert.match(await why(info({ version: 'x'.repeat(65) })), /which version/);
  assert.equal(
    await why(ended('rauc-Message: reading\nsignature verification failed: self-signed certificate\n\n', 1)),
    'signature verification failed: self-signed certificate',
  );
});

test('an installation tells how far it is, once it is under way', async () => {
  const done = Promise.withResolvers<CommandResult>();
  const said = [
    ['idle', 100],
    ['installing', 30],
    ['installing', 54],
  ] as const;
  let looks = 0;
  const { rauc, asked } = system({
    'rauc install': () => done.promise,
    'busctl get-property': () => {
      const [operation, percent] = said[Math.min(looks++, said.length - 1)] as (typeof said)[number];
      if (looks === 4) done.resolve(ended(''));
      return ended(`{"type":"s","data":"${operation}"}\n{"type":"(isi)","data":[${percent},"Copying",1]}\n`);
    },
  });
  const shares: number[] = [];
  assert.deepEqual(await rauc.install('/data/bundle', (share) => shares.push(share), never), { kind: 'done' });
  assert.deepEqual(shares.slice(0, 2), [0.3, 0.54]);
  assert.ok(asked.includes('rauc install /data/bundle'));
});

test('what was in the way of an installation is said in RAUC’s words', async () => {
  const { rauc } = system({ 'rauc install': ended('LastError: slot is mounted\nInstalling `x` failed\n', 1) });
  assert.deepEqual(await rauc.install('x', () => {}, never), { kind: 'failed', why: 'slot is mounted' });
});

test('only a system that was good is gone back to', async () => {
  const { rauc, asked } = system({ [STATUS]: status({ b: good }), 'rauc status mark-active other': ended('') });
  assert.deepEqual(await rauc.rollBack(never), { kind: 'done' });
  assert.equal(asked.at(-1), 'rauc status mark-active other');
  assert.equal((await system({ [STATUS]: status() }).rauc.rollBack(never)).kind, 'failed');
});

test('what the device is, whether the gate found it good, and whether a slot is being written', async () => {
  const operation = (said: string) => ended(`{"type":"s","data":"${said}"}\n{"type":"(isi)","data":[0,"",0]}\n`);
  const device = (said: string, of = {}) =>
    system({ [STATUS]: status(of), 'busctl get-property': operation(said) }).rauc.device();
  const good = { compatible: 'swarmbox-x86-64', isGood: true, isInstalling: false };
  assert.deepEqual(await device('idle'), good);
  assert.deepEqual(await device('idle', { a: { boot_status: 'bad' } }), { ...good, isGood: false });
  assert.deepEqual(await device('installing'), { ...good, isInstalling: true });
  const other = { a: { state: 'inactive' }, b: { state: 'booted', boot_status: 'bad' } };
  assert.deepEqual(await device('idle', other), { ...good, isGood: false }, 'what does not run says nothing');
});

test('a device that RAUC says nothing of is not known', async () => {
  await assert.rejects(system({ [STATUS]: ended('no service\n', 1) }).rauc.device(), /no service/);
  await assert.rejects(system({ [STATUS]: status(), 'busctl get-property': { kind: 'late' } }).rauc.device());
});

test('a running system that is on trial waits for no restart, unless the other one was activated since', async () => {
  const at = (timestamp?: string) => ({ ...(timestamp && { activated: { timestamp, count: 1 } }) });
  const needsReboot = async (ran: string | undefined, other: string | undefined) => {
    const a = { state: 'inactive', boot_status: 'good', slot_status: at(other) };
    const b = { state: 'booted', boot_status: 'bad', slot_status: at(ran) };
    // As RAUC says it while B is on trial: what comes next of those that are not.
    return (await system({ [STATUS]: status({ primary: 'system.0', a, b }) }).rauc.view()).needsReboot;
  };
  assert.equal(await needsReboot('2026-11-30T20:25:45Z', undefined), false);
  assert.equal(await needsReboot('2026-11-30T20:25:45Z', '2026-11-29T07:00:00Z'), false);
  assert.equal(await needsReboot('2026-11-30T20:25:45Z', '2026-11-30T20:27:01Z'), true);
});

test('an answer in the middle of which the gate opened is no reason to restart', async () => {
  const running = (boot_status: string) => ({ state: 'booted', boot_status });
  const a = { state: 'inactive', boot_status: 'good' };
  const torn = status({ primary: 'system.0', a, b: running('good') });
  const answers = [torn, status({ primary: 'system.1', a, b: running('good') })];
  const { rauc } = system({ [STATUS]: () => answers.shift() ?? assert.fail('asked once too often') });
  assert.equal((await rauc.view()).needsReboot, false);
});
