import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FramedPiece } from '#wire/framed-piece.ts';
import { type Files, Gate } from './gate.ts';

/** Files that say what is done with them, and wait until they are told to go on. */
function slowFiles(has: number[] = []) {
  const log: string[] = [];
  const waits: (() => void)[] = [];
  const slow = async (what: string): Promise<void> => {
    log.push(what);
    await new Promise<void>((resolve) => {
      waits.push(resolve);
    });
    log.push(`${what} over`);
  };
  const files: Files = {
    count: 0,
    whole: false,
    has: (piece) => has.includes(piece),
    read: async (piece) => {
      await slow(`read ${piece}`);
      return FramedPiece.allocate(piece, 1);
    },
    release: () => {},
    keep: async ({ index }) => {
      await slow(`keep ${index}`);
      has.push(index);
      return 'ok';
    },
    keepRun: async (first) => {
      await slow(`keep ${first}`);
      has.push(first);
      return 'ok';
    },
    place: () => slow('place'),
    discard: () => slow('discard'),
    [Symbol.asyncDispose]: () => slow('close'),
  };
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const goOn = async (): Promise<void> => {
    await turn();
    waits.shift()?.();
    await turn();
  };
  return { files, log, goOn };
}

test('the files move when nobody is with them, and who comes meanwhile waits', async () => {
  const { files, log, goOn } = slowFiles();
  const gate = new Gate(files);
  const first = gate.read(1);
  const placed = gate.place();
  const second = gate.read(2);
  await goOn();
  assert.ok(await first);
  assert.deepEqual(log, ['read 1', 'read 1 over', 'place']);
  await goOn();
  await placed;
  await goOn();
  assert.equal((await second)?.index, 2);
  assert.deepEqual(log.slice(3), ['place over', 'read 2', 'read 2 over']);
});

test('a move that fails lets the others in again', async () => {
  const { files, goOn } = slowFiles();
  const gate = new Gate({ ...files, place: () => Promise.reject(new Error('made up: the disk is full')) });
  await assert.rejects(gate.place(), /made up/);
  const read = gate.read(1);
  await goOn();
  assert.ok(await read);
});

test('a piece that two bring at once is written once', async () => {
  const { files, log, goOn } = slowFiles([3]);
  const gate = new Gate(files);
  assert.equal(await gate.keep(FramedPiece.allocate(3, 1)), 'ok');
  const kept = gate.keep(FramedPiece.allocate(4, 1));
  await goOn();
  assert.equal(await kept, 'ok');
  assert.equal(await gate.keep(FramedPiece.allocate(4, 1)), 'ok');
  assert.deepEqual(log, ['keep 4', 'keep 4 over']);
});

test('after it is closed nothing is read or written', async () => {
  for (const [discard, how] of [
    [true, 'discard'],
    [false, 'close'],
  ] as const) {
    const { files, log, goOn } = slowFiles();
    const gate = new Gate(files);
    const kept = gate.keep(FramedPiece.allocate(1, 1));
    const closed = gate.close(discard);
    await goOn();
    assert.equal(await kept, 'ok');
    await goOn();
    await closed;
    await gate.close();
    assert.equal(await gate.read(1), undefined);
    assert.equal(await gate.keep(FramedPiece.allocate(2, 1)), 'failed');
    assert.deepEqual(log, ['keep 1', 'keep 1 over', how, `${how} over`]);
  }
});
