/** What a killed writer left: does every piece that it or the index spoke of exist, with the right bytes? */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { Index } from '#index/index.ts';
import { gappedMaker, payloadOf } from '#store/fixtures.ts';
import { Store } from '#store/store.ts';
import { samplesOf } from './samples.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export type Writer = {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** It has said a first piece, has nothing left to do, or has ended. */
  readonly productive: Promise<unknown>;
  readonly closed: Promise<unknown>;
};

/** Resolves once it is at work. */
export async function startWriter(folder: string, seed: number, disks: readonly string[]): Promise<Writer> {
  const child = spawn(process.execPath, [WRITER, folder, String(seed), ...disks], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  const begun = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  child.stdout?.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    if (parts.includes('begun')) begun.resolve();
    if (parts.some((line) => line.startsWith('piece') || line === 'filled')) first.resolve();
  });
  const closed = once(child, 'close');
  await Promise.race([begun.promise, closed]);
  return { child, lines, productive: Promise.race([first.promise, closed]), closed };
}

/** SIGKILL after so many milliseconds; what it had said by then. */
export async function killAfter(writer: Writer, ms: number): Promise<string[]> {
  await sleep(ms);
  writer.child.kill('SIGKILL');
  const [code, signal] = (await writer.closed) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', `the writer ended by itself with ${code}`);
  return writer.lines;
}

export type Remains = { readonly said: number; readonly indexed: number };

/**
 * `said`: what the writer said; `fresh`: of a process that died, not of a machine: then the index holds all that was said. After a power cut it may
 * lag behind (its log is synced at checkpoints), and must never be ahead.
 */
export async function assertRemains(
  folder: string,
  seed: number,
  disks: readonly string[],
  said: readonly string[],
  fresh: boolean,
): Promise<Remains> {
  assert.deepEqual(
    said.filter((line) => line.startsWith('wrong')),
    [],
  );
  const index = Index.open(join(folder, 'index.db'), silentLog);
  const places = disks.map((path) => ({ path }));
  const config = { disks: places, probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 };
  const store = await Store.open(config, gappedMaker, silentLog);
  let [spoken, indexed] = [0, 0];
  for (const [number, { shape, payload }] of samplesOf(seed).entries()) {
    const row = index.task(shape.infoHash)?.have;
    const have = (row && Bitfield.from(row, shape.pieceCount)) ?? new Bitfield(shape.pieceCount);
    for (let at = 0; at < shape.pieceCount; at++) {
      const told = said.includes(`piece ${number} ${at}`);
      if (told && fresh) assert.ok(have.has(at), `the index forgot piece ${at} of torrent ${number}`);
      if (!told && !have.has(at)) continue;
      const read = await store.task(shape).read(at);
      assert.ok(read.kind === 'ok', `piece ${at} of torrent ${number} is ${read.kind}`);
      assert.ok(payloadOf(read.piece).equals(payload(at)), `piece ${at} of torrent ${number} has other bytes`);
      spoken += Number(told);
      indexed += Number(have.has(at));
    }
  }
  await store.close();
  index.close();
  return { said: spoken, indexed };
}
