import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepBeside, putBack, removeFile, replaceFile } from '#settings/durable-file.ts';
import { type Expect, ext4Check, type Held, holdsOneOf } from './cut-checks.ts';
import { differing, walkCuts } from './cut-walk.ts';
import { LoggedDisk, whyNoLoggedDisk } from './logged-disk.ts';
import { partitionsOf } from './rebuilt-disk.ts';
import { readLog, SECTOR } from './written-log.ts';

const skip = whyNoLoggedDisk() ?? false;
const run = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });

/** A disk with nothing but the config partition as it is made at the first start. */
function configDisk(dir: string): { disk: string; offset: number; bytes: number } {
  const disk = join(dir, 'disk.img');
  writeFileSync(disk, '');
  truncateSync(disk, 80 << 20);
  execFileSync('sfdisk', ['-q', disk], {
    input: 'label: gpt\nsize=64MiB, name="swarmbox-config"\n',
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const [partition] = partitionsOf(disk);
  assert.ok(partition);
  const [offset, bytes] = [partition.sector * SECTOR, partition.sectors * SECTOR];
  run('mkfs.ext4', '-q', '-E', `offset=${offset}`, disk, `${bytes / 1024}k`);
  return { disk, offset, bytes };
}

/** Of one file: what it held, and when that was begun and answered, by the log. */
class Story {
  readonly held: Held[] = [{ text: undefined, begunBy: 0, answeredBy: 0 }];
  readonly #count: () => number;

  constructor(count: () => number) {
    this.#count = count;
  }

  async tell(text: string | undefined, write: () => Promise<void>): Promise<void> {
    const begunBy = this.#count();
    await write();
    this.held.push({ text, begunBy, answeredBy: this.#count() });
  }

  get expect(): Expect {
    return holdsOneOf(this.held);
  }
}

const settings = (revision: number): string =>
  `${JSON.stringify({ lan: 'eth0', wan: 'eth1', revision, more: 'x'.repeat((revision * 1_237) % 20_000) }, null, 2)}\n`;

test('whatever a power cut loses that was not flushed, a settings file holds what was answered last or what was being written', {
  skip,
  timeout: 600_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-written-'));
  const at = (name: string): string => join(dir, name);
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const { disk, offset, bytes } = configDisk(dir);
  const base = at('base.img');
  run('cp', '--sparse=always', disk, base);
  mkdirSync(at('config'));
  const count = (): number => readLog(at('log')).entries.length;
  const [config, moved, plain] = [new Story(count), new Story(count), new Story(count)];
  {
    await using logged = await LoggedDisk.start(disk, at('log'), at('served'));
    const options = `loop,offset=${offset},sizelimit=${bytes},noatime,nodev,nosuid,noexec,commit=1`;
    run('mount', '-o', options, logged.path, at('config'));
    try {
      const file = (name: string): string => join(at('config'), name);
      for (let i = 1; i <= 8; i++) await config.tell(settings(i), () => replaceFile(file('config.json'), settings(i)));
      await moved.tell(settings(1), () => replaceFile(file('moved.json'), settings(1)));
      await keepBeside(file('moved.json'), file('moved.before'));
      await moved.tell(settings(2), () => replaceFile(file('moved.json'), settings(2)));
      await moved.tell(settings(1), () => putBack(file('moved.json'), file('moved.before')));
      await moved.tell(undefined, () => removeFile(file('moved.json')));
      // As a program writes that has not thought of a power cut: the walk must find it out.
      await plain.tell(settings(11), () => replaceFile(file('plain.json'), settings(11)));
      await plain.tell(settings(12), () => writeFile(file('plain.json'), settings(12)));
    } finally {
      run('umount', at('config'));
    }
  }
  const log = readLog(at('log'));
  assert.equal(log.lost, 0);
  assert.deepEqual(differing({ log, base, table: disk }, ['config']), [], 'the log says all that was written');
  const files = { '/config.json': config.expect, '/moved.json': moved.expect };
  const walked = walkCuts({ log, base, checks: [ext4Check('config', files)], states: 160 });
  t.diagnostic(`${log.entries.length} entries; ${JSON.stringify(walked.looked)}`);
  assert.deepEqual(walked.violations, []);
  const blamed = walkCuts({
    log,
    base,
    checks: [ext4Check('config', { '/plain.json': plain.expect })],
    states: 40,
    from: plain.held[2]?.begunBy ?? 0,
  });
  assert.ok(blamed.violations.length > 0, JSON.stringify(blamed.looked));
  t.diagnostic(
    `without a sync: ${blamed.violations.length} of ${JSON.stringify(blamed.looked)}, e.g. ${blamed.violations[0]?.text}`,
  );
});
