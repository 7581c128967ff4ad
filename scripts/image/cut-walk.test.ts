import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { arrivedIn, endedIn, statesOf } from './cut-states.ts';
import { type Check, walkCuts } from './cut-walk.ts';
import { FLAGS, type Logged, logBytes } from './fixtures.ts';
import { RebuiltDisk } from './rebuilt-disk.ts';
import { readLog, SECTOR } from './written-log.ts';

function folder(t: TestContext): (name: string) => string {
  const dir = mkdtempSync(join(tmpdir(), 'cut-walk-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return (name) => join(dir, name);
}

const DISK_SECTORS = 40;
const PARTITIONS = [
  { name: 'one', sector: 4, sectors: 12 },
  { name: 'two', sector: 20, sectors: 20 },
];
const write = fc
  .record({
    sector: fc.nat(DISK_SECTORS - 6),
    sectors: fc.integer({ min: 1, max: 6 }),
    byte: fc.integer({ min: 1, max: 255 }),
    isFua: fc.boolean(),
  })
  .map(
    ({ sector, sectors, byte, isFua }): Logged => ({
      sector,
      data: Buffer.alloc(sectors * SECTOR, byte),
      flags: isFua ? FLAGS.fua : 0,
    }),
  );

test('what is shown of pending writes, in whatever order, is what a disk would hold', (t) => {
  const at = folder(t);
  writeFileSync(at('base'), Buffer.alloc(DISK_SECTORS * SECTOR, 0xee));
  fc.assert(
    fc.property(
      fc.array(write, { minLength: 1, maxLength: 6 }),
      fc.array(write, { maxLength: 3 }),
      fc.nat(),
      (first, second, seed) => {
        writeFileSync(at('log'), logBytes([...first, ...second]));
        const { entries } = readLog(at('log'));
        const bytes = readFileSync(at('log'));
        using disk = new RebuiltDisk(at('base'), PARTITIONS, at('.'));
        const plain = readFileSync(at('base'));
        const versions = new Map<string, string>();
        for (const pending of [entries.slice(0, first.length), entries.slice(first.length)]) {
          disk.begin(pending);
          for (const state of statesOf(pending, seed)) {
            const arrived = arrivedIn(state, pending);
            const expected = Buffer.from(plain);
            for (const { entry, from, sectors } of arrived) {
              const start = (entry.dataAt ?? 0) + from * SECTOR;
              expected.set(bytes.subarray(start, start + sectors * SECTOR), (entry.sector + from) * SECTOR);
            }
            disk.show(arrived);
            for (const { name, sector, sectors } of PARTITIONS) {
              const part = readFileSync(disk.path(name)).toString('latin1');
              assert.equal(part, expected.toString('latin1', sector * SECTOR, (sector + sectors) * SECTOR));
              const version = `${name} ${disk.version(name)}`;
              assert.equal(versions.get(version) ?? part, part);
              versions.set(version, part);
            }
            for (const entry of pending.slice(0, endedIn(state, pending) - (state.kind === 'torn' ? 1 : 0)))
              if (entry.isDurable)
                assert.ok(arrived.some((run) => run.entry === entry && run.sectors === entry.sectors));
          }
          disk.add();
          for (const { sector, sectors, dataAt = 0 } of pending)
            plain.set(bytes.subarray(dataAt, dataAt + sectors * SECTOR), sector * SECTOR);
        }
      },
    ),
    { numRuns: 60 },
  );
});

const skip = existsSync('/usr/sbin/sfdisk') || existsSync('/sbin/sfdisk') ? false : 'sfdisk is missing';

test('a walk finds what depends on the order of two writes, and nothing when a flush is between them', {
  skip,
}, (t) => {
  const at = folder(t);
  writeFileSync(at('base'), Buffer.alloc(4 << 20));
  execFileSync('sfdisk', ['-q', at('base')], {
    input: 'label: gpt\nstart=2048, size=64, name="swarmbox-x"\n',
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const data = { sector: 2050, data: Buffer.alloc(3 * SECTOR, 1) };
  const mark = { sector: 2048, data: Buffer.alloc(SECTOR, 1) };
  const looked: number[] = [];
  const check: Check = {
    name: 'marked only when whole',
    reads: ['x'],
    look: (disk) => {
      looked.push(disk.at);
      const bytes = readFileSync(disk.path('x'));
      const isWhole = bytes.subarray(2 * SECTOR, 5 * SECTOR).every((byte) => byte === 1);
      return bytes[0] === 1 && !isWhole ? ['marked, and not whole'] : [];
    },
  };
  const walk = (entries: readonly Logged[]) => {
    writeFileSync(at('log'), logBytes(entries));
    return walkCuts({ log: readLog(at('log')), base: at('base'), checks: [check] });
  };
  assert.deepEqual(walk([data, { flags: FLAGS.flush }, mark]).violations, []);
  assert.deepEqual([looked[0], looked.at(-1), Math.max(...looked)], [0, 3, 3]);
  const { violations, looked: states } = walk([data, mark]);
  assert.ok(
    violations.some(({ state }) => state === 'all of 2 unflushed but entry 0'),
    JSON.stringify(violations),
  );
  assert.ok(violations.every(({ at, text }) => at === 2 && text === 'marked, and not whole'));
  assert.deepEqual(states['marked only when whole']?.states, states['marked only when whole']?.of);
});
