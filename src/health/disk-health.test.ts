import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Log, type LogLine, logTo, silentLog } from '#base/log.ts';
import type { BlockDevice } from './block-devices.ts';
import { DiskHealthWatch, type DiskSources } from './disk-health.ts';
import { ataAnswer, nvmeAnswer, silentAnswers, TemporaryFolder } from './fixtures.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { parseSmart } from './smart.ts';
import { smartctl } from './smartctl.ts';
import type { WornWhy } from './view.ts';

const never = new AbortController().signal;
const disk = (name: string, more: Partial<BlockDevice> = {}): BlockDevice => ({
  name,
  key: name,
  virtual: false,
  ...more,
});

/** Disks whose every answer the test sets. */
class FakeDisks {
  ms = 0;
  readonly beneath = new Map<string, BlockDevice[]>();
  readonly answers = new Map<string, { answer: unknown; status: number }>();
  readonly asked: string[] = [];
  readonly trust = new Map<string, WornWhy | undefined>();
  readonly lines: LogLine[] = [];
  readonly log: Log = logTo((line) => this.lines.push(line));
  ended: Promise<void> = Promise.resolve();
  readonly sources: DiskSources = {
    beneath: async (path) => this.beneath.get(path) ?? Promise.reject(new Error('EIO')),
    smart: async (device) => {
      this.asked.push(device);
      const { answer, status } = this.answers.get(device) ?? silentAnswers.vanished;
      return { reading: parseSmart(JSON.stringify(answer), status), ended: this.ended };
    },
    elapsedMs: () => this.ms,
  };
  readonly watch = new DiskHealthWatch(
    { paths: () => [...this.beneath.keys()], distrust: (path, why) => this.trust.set(path, why) },
    this.log,
    this.sources,
  );

  put(path: string, devices: BlockDevice[], answer?: unknown, status = 0): void {
    this.beneath.set(path, devices);
    if (answer) for (const { name } of devices) this.answers.set(name, { answer, status });
  }

  async nextAnswer(device: string, answer: unknown, status = 0): Promise<void> {
    this.answers.set(device, { answer, status });
    this.ms += HEALTH_LIMITS.smartEveryMs;
    await this.watch.look(never);
  }
}

test('a disk that is well is trusted, and asked again after half an hour, once for all its folders', async () => {
  const disks = new FakeDisks();
  disks.put('/a', [disk('sda')], ataAnswer());
  disks.put('/b', [disk('sda')]);
  await disks.watch.look(never);
  assert.equal(disks.watch.of('/a')?.verdict, 'passed');
  assert.deepEqual(disks.watch.of('/b')?.devices[0]?.temperatureC, 34);
  assert.deepEqual(Object.fromEntries(disks.trust), { '/a': undefined, '/b': undefined });
  disks.ms = HEALTH_LIMITS.smartEveryMs - 1;
  await disks.watch.look(never);
  assert.deepEqual(disks.asked, ['sda']);
  disks.ms++;
  await disks.watch.look(never);
  assert.deepEqual(disks.asked, ['sda', 'sda']);
  assert.deepEqual(
    disks.lines.map(({ event }) => event),
    ['disk-health'],
    'one line while nothing changes',
  );
  assert.equal(disks.watch.of('/elsewhere'), undefined);
});

test('bad sectors that grow, and a verdict, take the trust away; asleep, what was said holds', async () => {
  const disks = new FakeDisks();
  disks.put('/a', [disk('sda')], ataAnswer({ reallocated: 3 }));
  await disks.watch.look(never);
  assert.equal(disks.trust.get('/a'), undefined);
  await disks.nextAnswer('sda', ataAnswer({ reallocated: 3, pending: 8 }));
  assert.equal(disks.trust.get('/a'), 'bad-sectors');
  assert.equal(disks.watch.of('/a')?.devices[0]?.newBadSectors, 8);
  const { answer, status } = silentAnswers.asleep;
  await disks.nextAnswer('sda', answer, status);
  const [asleep] = disks.watch.of('/a')?.devices ?? [];
  assert.deepEqual([asleep?.why, asleep?.worn, asleep?.pendingSectors], ['asleep', 'bad-sectors', 8]);
  assert.equal(disks.trust.get('/a'), 'bad-sectors');
  await disks.nextAnswer('sda', ataAnswer({ reallocated: 3 }));
  assert.equal(disks.trust.get('/a'), undefined, 'all of them could be written again');
  await disks.nextAnswer('sda', ataAnswer({ passed: false }), 8);
  assert.deepEqual([disks.trust.get('/a'), disks.watch.of('/a')?.verdict], ['says-failing', 'failing']);
  assert.deepEqual(
    disks.lines.map(({ event }) => event),
    ['disk-health', 'disk-worn', 'disk-health', 'disk-worn'],
  );
});

test('of several devices the worst speaks, and a new disk in the place of an old one begins anew', async () => {
  const disks = new FakeDisks();
  disks.put('/a', [disk('sda', { key: 'sda 1' }), disk('nvme0n1')], ataAnswer());
  disks.answers.set('nvme0n1', { answer: nvmeAnswer({ warning: 2, hot: 84 }), status: 8 });
  await disks.watch.look(never);
  const view = disks.watch.of('/a');
  assert.deepEqual([view?.verdict, view?.worn, view?.devices.length], ['failing', 'hot', 2]);
  await disks.nextAnswer('nvme0n1', nvmeAnswer());
  assert.equal(disks.trust.get('/a'), undefined);
  // Another disk, with more bad sectors than the one before it ever had.
  disks.put('/a', [disk('sda', { key: 'sda 2' })]);
  disks.answers.set('sda', { answer: { ...ataAnswer({ reallocated: 50 }), serial_number: 'OTHER' }, status: 0 });
  await disks.watch.look(never);
  assert.equal(disks.asked.at(-1), 'sda', 'asked at once');
  assert.deepEqual([disks.trust.get('/a'), disks.watch.of('/a')?.devices.length], [undefined, 1]);
  // The first one is back under another name: what it said first is remembered.
  disks.put('/a', [disk('sdb', { key: 'sdb 3' })], ataAnswer({ pending: 1 }));
  await disks.watch.look(never);
  assert.equal(disks.trust.get('/a'), 'bad-sectors');
});

test('without a device, with a virtual one, without an answer: it is said why, and nobody is distrusted', async () => {
  const disks = new FakeDisks();
  disks.put('/memory', []);
  disks.put('/loop', [disk('loop0', { virtual: true })]);
  disks.put('/usb', [disk('sdc')], silentAnswers.bridge.answer, 1);
  disks.beneath.set('/broken', undefined as unknown as BlockDevice[]);
  await disks.watch.look(never);
  const whys = [...disks.beneath.keys()].map((path) => [path, disks.watch.of(path)?.why]);
  assert.deepEqual(Object.fromEntries(whys), {
    '/memory': 'no-device',
    '/loop': 'virtual',
    '/usb': 'no-smart',
    '/broken': 'no-answer',
  });
  assert.deepEqual(disks.asked, ['sdc']);
  assert.ok([...disks.trust.values()].every((why) => why === undefined));
  assert.ok(!disks.trust.has('/broken'), 'nothing is known of it');
});

test('one question at a time: a process that cannot be killed is waited for, until the box stops', async () => {
  const disks = new FakeDisks();
  disks.put('/a', [disk('sda'), disk('sdb')], ataAnswer());
  disks.ended = new Promise(() => {});
  const stop = new AbortController();
  const look = disks.watch.look(stop.signal);
  await disks.watch.look(never);
  await new Promise(setImmediate);
  assert.deepEqual(disks.asked, ['sda']);
  assert.equal(disks.watch.of('/a')?.devices[0]?.verdict, 'passed', 'its answer is known already');
  stop.abort();
  await look;
  assert.deepEqual(disks.asked, ['sda']);
});

const answerOf = (folder: TemporaryFolder, timeoutMs = 60_000) =>
  smartctl({ folders: [join(folder.path, 'none'), folder.path], timeoutMs })('sda', never);

test('smartctl is started with these words, and its answer and exit status are read', async () => {
  using folder = new TemporaryFolder();
  folder.write({ answer: JSON.stringify(ataAnswer({ pending: 2 })) });
  folder.program('smartctl', `echo "$LC_ALL $*" >${folder.path}/words; cat ${folder.path}/answer; exit 16`);
  const { reading, ended } = await answerOf(folder);
  await ended;
  assert.deepEqual([reading.verdict, reading.pendingSectors], ['failing', 2]);
  assert.equal(readFileSync(join(folder.path, 'words'), 'utf8'), 'C -j -i -H -A -n standby -- /dev/sda\n');
});

test('a smartctl that hangs, one that says too much, one that says nothing, and none', async () => {
  using folder = new TemporaryFolder();
  folder.program('smartctl', 'sleep 3600');
  const late = await answerOf(folder, 50);
  await late.ended;
  assert.deepEqual(late.reading, { verdict: 'unknown', why: 'no-answer' });
  folder.program('smartctl', 'exec head -c 100000000 /dev/zero');
  const long = await answerOf(folder);
  await long.ended;
  assert.deepEqual(long.reading, { verdict: 'unknown', why: 'garbled' });
  folder.program('smartctl', 'exit 0');
  assert.deepEqual((await answerOf(folder)).reading, { verdict: 'unknown', why: 'garbled' });
  using empty = new TemporaryFolder();
  assert.deepEqual((await answerOf(empty)).reading, { verdict: 'unknown', why: 'no-smartctl' });
});

test('a disk that says nothing because the box has no privilege to ask is not blamed', async () => {
  using folder = new TemporaryFolder();
  folder.program('smartctl', `cat <<'END'\n${JSON.stringify(silentAnswers.behindScsi.answer)}\nEND`);
  const whyWith = async (status: string, device = 'sda') => {
    const ask = smartctl({ folders: [folder.path], processStatus: async () => status });
    return (await ask(device, never)).reading.why;
  };
  const effective = (mask: string) => `CapPrm:\t000001ffffffffff\nCapEff:\t${mask}\nCapBnd:\t000001ffffffffff\n`;
  assert.equal(await whyWith(effective('0000000000003400')), 'not-permitted');
  assert.equal(await whyWith(effective('0000000000023400')), 'no-smart');
  assert.equal(await whyWith(effective('0000000000003400'), 'nvme0n1'), 'no-smart');
  assert.equal(await whyWith(''), 'no-smart');
});

test('without smartctl it is said once, and a smartctl that was installed is found at the next look', async () => {
  using folder = new TemporaryFolder();
  const disks = new FakeDisks();
  disks.put('/a', [disk('sda')]);
  const sources = { ...disks.sources, smart: smartctl({ folders: [folder.path] }) };
  const watch = new DiskHealthWatch({ paths: () => ['/a'], distrust: () => {} }, disks.log, sources);
  for (let look = 0; look < 3; look++) await watch.look(never);
  assert.equal(watch.of('/a')?.why, 'no-smartctl');
  assert.equal(disks.lines.length, 1);
  folder.program('smartctl', `cat <<'END'\n${JSON.stringify(ataAnswer())}\nEND`);
  await watch.look(never);
  assert.equal(watch.of('/a')?.verdict, 'passed');
});

test('a watch that is closed in the middle of a question leaves nothing behind', async () => {
  using folder = new TemporaryFolder();
  folder.program('smartctl', 'exec sleep 3600');
  const disks = new FakeDisks();
  disks.put('/a', [disk('sda')]);
  const begun = Promise.withResolvers<void>();
  const ask = smartctl({ folders: [folder.path] });
  const smart: DiskSources['smart'] = (device, signal) => {
    begun.resolve();
    return ask(device, signal);
  };
  const watch = DiskHealthWatch.start({ paths: () => ['/a'], distrust: () => {} }, silentLog, {
    ...disks.sources,
    smart,
  });
  await begun.promise;
  await watch.close();
});
