import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { type LogLine, logTo } from '#base/log.ts';
import { DropFolder, type Verdict } from './drop-folder.ts';
import type { Dropped } from './dropped-file.ts';
import { LIMITS } from './limits.ts';

const LOOK_MS = 2_000;
const HASH = 'a'.repeat(40);

async function setUp(t: TestContext) {
  const path = join(mkdtempSync(join(tmpdir(), 'swarmbox-prefill-')), 'prefill');
  t.after(() => rmSync(join(path, '..'), { recursive: true }));
  const lines: LogLine[] = [];
  const taken: Dropped[] = [];
  const clock = { ms: 1e6, nowMs: () => clock.ms };
  const world = {
    clock,
    log: logTo((line) => lines.push(line)),
    verdict: undefined as Verdict | undefined,
    take(dropped: Dropped): Verdict {
      taken.push(dropped);
      if (world.verdict) return world.verdict;
      return dropped.bad.length > 0 ? { kind: 'refused', whys: dropped.bad } : { kind: 'taken' };
    },
  };
  const folder = new DropFolder(path, world);
  const pass = async (ms: number): Promise<void> => {
    for (const end = clock.ms + ms; clock.ms < end; ) {
      clock.ms += LOOK_MS;
      await folder.look();
    }
  };
  /** The same, with nothing looked at in between. */
  const skip = async (ms: number): Promise<void> => {
    await folder.look();
    clock.ms += ms;
    await folder.look();
  };
  await folder.look();
  return {
    path,
    lines,
    taken,
    world,
    folder,
    pass,
    skip,
    put: (name: string | Buffer, text: string | Buffer = HASH) =>
      writeFileSync(typeof name === 'string' ? join(path, name) : Buffer.concat([Buffer.from(`${path}/`), name]), text),
    in: (name: string) => readdirSync(join(path, name)).sort(),
    text: (name: string) => readFileSync(join(path, name), 'utf8'),
  };
}

const SOON = LIMITS.stillMs + 2 * LOOK_MS;
const LATER = LIMITS.uselessMs + 2 * LOOK_MS;

test('a file that can be used goes to taken, whatever its name is written in', async (t) => {
  const bench = await setUp(t);
  bench.put('游戏补丁.magnet');
  bench.put(Buffer.from('c4e3bac32e6d61676e6574', 'hex'));
  await bench.pass(SOON);
  assert.equal(bench.taken.length, 2);
  assert.deepEqual(bench.in(''), ['refused', 'taken']);
  assert.equal(bench.in('taken').length, 2);
  assert.ok(bench.lines.some(({ event, fields }) => event === 'prefill-taken' && fields.file === '你好.magnet'));
});

test('a file that is still being written is left until it is still', async (t) => {
  const bench = await setUp(t);
  bench.put('a.magnet');
  for (let i = 0; i < 10; i++) {
    appendFileSync(join(bench.path, 'a.magnet'), '\n#');
    await bench.pass(LOOK_MS);
  }
  assert.equal(bench.taken.length, 0);
  await bench.pass(SOON);
  assert.equal(bench.taken.length, 1);
});

test('files are taken in the order in which they were dropped', async (t) => {
  const bench = await setUp(t);
  for (const [name, hash] of [
    ['b', 'b'],
    ['a', 'a'],
    ['c', 'c'],
  ] as const) {
    bench.put(`${name}.magnet`, hash.repeat(40));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await bench.pass(SOON);
  assert.deepEqual(
    bench.taken.map(({ wanted }) => wanted[0]?.ids[0]?.[0]),
    ['b', 'a', 'c'],
  );
});

test('what cannot be used goes to refused, with the reason beside it, once an upload would be over', async (t) => {
  const bench = await setUp(t);
  bench.put('坏.torrent', 'no torrent');
  await bench.pass(SOON);
  assert.deepEqual(bench.in('refused'), []);
  await bench.pass(LATER);
  assert.deepEqual(bench.in('refused'), ['坏.torrent', '坏.torrent.why']);
  assert.match(bench.text('refused/坏.torrent.why'), /no torrent file that can be used: .+\n$/);
  assert.equal(bench.text('refused/坏.torrent'), 'no torrent');
});

test('other files and names with a dot are left alone; the former only for some minutes', async (t) => {
  const bench = await setUp(t);
  bench.put('.upload.torrent');
  bench.put('film.torrent.part');
  mkdirSync(join(bench.path, 'mine'));
  await bench.pass(LATER);
  assert.deepEqual(bench.in(''), ['.upload.torrent', 'film.torrent.part', 'mine', 'refused', 'taken']);
  await bench.pass(LIMITS.strangeMs);
  assert.deepEqual(bench.in(''), ['.upload.torrent', 'mine', 'refused', 'taken']);
  assert.match(bench.text('refused/film.torrent.part.why'), /only files that end in/);
});

test('links, pipes and huge files are refused unread', async (t) => {
  const bench = await setUp(t);
  bench.put('../secret', HASH);
  symlinkSync('../secret', join(bench.path, 'link.magnet'));
  execFileSync('mkfifo', [join(bench.path, 'pipe.magnet')]);
  bench.put('huge.magnet', Buffer.alloc(LIMITS.linkBytes + 1, '#'));
  await bench.pass(LATER);
  assert.deepEqual([bench.taken.length, bench.in('').length], [0, 2]);
  const why = (name: string) => bench.text(`refused/${name}.magnet.why`);
  assert.match(why('link'), /only plain files/);
  assert.match(why('pipe'), /only plain files/);
  assert.match(why('huge'), /larger than 1 MiB/);
});

test('a name that was dropped before does not replace what was', async (t) => {
  const bench = await setUp(t);
  for (const hash of ['a', 'b']) {
    bench.put('x.magnet', hash.repeat(40));
    await bench.pass(SOON);
  }
  const texts = bench.in('taken').map((name) => bench.text(`taken/${name}`)[0]);
  assert.deepEqual(texts.sort(), ['a', 'b']);
});

test('long names are refused with their reason too, and no reason replaces another', async (t) => {
  const bench = await setUp(t);
  const name = `${'长'.repeat(80)}.torrent`;
  bench.put(name, 'x');
  await bench.pass(LATER);
  assert.deepEqual(bench.in('refused').length, 2);
  bench.put('b.torrent', 'x');
  writeFileSync(join(bench.path, 'refused/b.torrent.why'), 'of another');
  await bench.pass(LATER);
  assert.equal(bench.text('refused/b.torrent.why'), 'of another');
  assert.equal(bench.in('refused').filter((n) => n.endsWith('b.torrent')).length, 1);
});

test('what cannot be taken just now stays, is told of once, and is tried again', async (t) => {
  const bench = await setUp(t);
  bench.world.verdict = { kind: 'later', why: 'the index cannot be written' };
  bench.put('a.magnet');
  await bench.pass(2 * LIMITS.againMs);
  assert.deepEqual(bench.in('').includes('a.magnet'), true);
  assert.deepEqual(
    bench.lines.map(({ event }) => event),
    ['prefill-later'],
  );
  assert.ok(bench.taken.length >= 2 && bench.taken.length <= 4);
  bench.world.verdict = undefined;
  await bench.pass(LIMITS.againMs);
  assert.deepEqual(bench.in('taken'), ['a.magnet']);
});

test('where nothing can be moved nothing is lost, and where the folder is none that is told once', async (t) => {
  const bench = await setUp(t);
  rmSync(join(bench.path, 'taken'), { recursive: true });
  writeFileSync(join(bench.path, 'taken'), '');
  bench.put('a.magnet');
  await bench.pass(4 * SOON);
  assert.equal(bench.text('a.magnet'), HASH);
  assert.deepEqual(
    bench.lines.map(({ event }) => event),
    ['prefill-folder'],
  );
  rmSync(join(bench.path, 'taken'));
  await bench.pass(SOON);
  assert.deepEqual(bench.in('taken'), ['a.magnet']);
});

test('whatever is dropped, nothing throws and every byte is found again', async (t) => {
  const bench = await setUp(t);
  const ending = fc.constantFrom('.torrent', '.magnet', '.MAGNET', '.zip', '');
  const name = fc
    .tuple(fc.string({ unit: anyCharacter, minLength: 1, maxLength: 20 }), ending)
    .map(([head, end]) => `${head.replaceAll(/[/\0]/g, '_')}${end}`)
    .filter((n) => !n.startsWith('.') && n !== 'taken' && n !== 'refused' && n.isWellFormed());
  const files = fc.dictionary(name, fc.uint8Array({ maxLength: 64 }), { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(files, async (given) => {
      for (const [n, bytes] of Object.entries(given)) bench.put(n, Buffer.from(bytes));
      await bench.skip(LIMITS.strangeMs);
      assert.deepEqual(bench.in(''), ['refused', 'taken']);
      const all = ['taken', 'refused'].flatMap((to) =>
        bench
          .in(to)
          .filter((n) => !n.endsWith('.why'))
          .map((n) => readFileSync(join(bench.path, to, n)).toString('hex')),
      );
      assert.deepEqual(
        all.sort(),
        Object.values(given)
          .map((bytes) => Buffer.from(bytes).toString('hex'))
          .sort(),
      );
      for (const to of ['taken', 'refused']) for (const n of bench.in(to)) rmSync(join(bench.path, to, n));
    }),
    { numRuns: 25 },
  );
});
