import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';
import { lstat, open, opendir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { MIB } from '#base/units.ts';
import {
  type DistributionId,
  type Firmware,
  idOf,
  type Manifest,
  type ManifestKind,
  type SignedManifest,
  signManifest,
} from '../manifest.ts';
import { pieceLengthFor, readSeed, type Seed, type SeedFile, SeedMaker } from '../seed.ts';

/** What a person wants distributed. `path`: a file, or a folder with all that is in it. */
export type Publication = {
  readonly path: string;
  /** What a person calls it; by default the last part of its path. */
  readonly name?: string;
  readonly kind?: ManifestKind;
  readonly firmware?: Firmware;
};

export type Published = {
  readonly id: DistributionId;
  readonly manifest: Manifest;
  readonly signed: SignedManifest;
  readonly seed: Seed;
  readonly seedBytes: Buffer;
  /** The folder that the seed's paths begin in. */
  readonly folder: string;
};

/** More files than that are better packed into one. */
const FILES_MAX = 100_000;
/** Tells what a person can do about it. */
export class PublishError extends Error {}

/**
 * Reads all of it once and signs what it is. Rejects with PublishError when it cannot be distributed: nothing there, a file that is none, names that other systems would read
 * differently, or files that change while they are read.
 */
export async function readPublication(
  { path, name, kind = 'files', firmware }: Publication,
  sign: { readonly key: KeyObject; readonly rev: (name: string) => number; readonly nowMs: number },
): Promise<Published> {
  if (kind === 'firmware' && !firmware)
    throw new PublishError('of firmware it must be said for which device it is, and its version');
  if (kind !== 'firmware' && firmware) throw new PublishError('only what is published as firmware is for a device');
  const root = resolve(path);
  const files = await listed(root);
  const sizeBytes = files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  if (sizeBytes === 0) throw new PublishError(`${path} holds no bytes`);
  const pieceLength = pieceLengthFor(sizeBytes);
  const isOne = files.length === 1 && files[0]?.path.length === 0;
  if (firmware && !isOne) throw new PublishError(`${path} is no bundle: that is one file`);
  const own = basename(root);
  const maker = new SeedMaker(own, files, pieceLength);
  const memory = Buffer.allocUnsafeSlow(MIB);
  for (const file of files) await readThrough(join(root, ...file.path), memory, (bytes) => maker.push(bytes));
  const seedBytes = finished(maker, path);
  const read = readSeed(seedBytes);
  if (read.kind === 'bad') throw new PublishError(`${path} cannot be distributed: ${read.why}`);
  const { meta } = read.value;
  // A name with a character that file systems do not take would arrive as another one.
  const wanted = isOne ? [[own]] : files.map(({ path: parts }) => [own, ...parts]);
  const changed = wanted.find((parts, i) => parts.join('/') !== meta.files[i]?.path.join('/'));
  if (changed) throw new PublishError(`${changed.join('/')} has a name that not every system can keep`);
  const called = name ?? own;
  const manifest: Manifest = {
    v: 1,
    kind,
    name: called,
    rev: sign.rev(called),
    createdMs: sign.nowMs,
    sizeBytes,
    fileCount: meta.files.length,
    pieceLength,
    infoHash: meta.infoHash,
    seedSha256: createHash('sha256').update(seedBytes).digest('hex'),
    seedBytes: seedBytes.length,
    ...(firmware && { firmware }),
  };
  const signed = signManifest(manifest, sign.key);
  return { id: idOf(signed.bytes), manifest, signed, seed: read.value, seedBytes, folder: dirname(root) };
}

/** Without new memory for each read, as a stream would have it. */
async function readThrough(path: string, memory: Buffer, heard: (bytes: Buffer) => void): Promise<void> {
  await using file = await open(path, 'r');
  for (;;) {
    const { bytesRead } = await file.read(memory, 0, memory.length);
    if (bytesRead === 0) return;
    heard(memory.subarray(0, bytesRead));
  }
}

function finished(maker: SeedMaker, path: string): Buffer {
  try {
    return maker.finish();
  } catch (error) {
    throw new PublishError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** All files, by their paths from `root` on, in an order that does not depend on the file system. A file is its own list, with an empty path. */
async function listed(root: string): Promise<SeedFile[]> {
  const found = await lstat(root).catch(() => undefined);
  if (!found) throw new PublishError(`${root} is not there`);
  if (found.isFile()) return [{ path: [], lengthBytes: found.size }];
  if (!found.isDirectory()) throw new PublishError(`${root} is neither a file nor a folder`);
  const files: SeedFile[] = [];
  const walk = async (at: readonly string[]): Promise<void> => {
    for await (const entry of await opendir(join(root, ...at))) {
      const path = [...at, entry.name];
      if (entry.isDirectory()) await walk(path);
      else if (!entry.isFile()) throw new PublishError(`${join(root, ...path)} is neither a file nor a folder`);
      else files.push({ path, lengthBytes: (await lstat(join(root, ...path))).size });
      if (files.length > FILES_MAX)
        throw new PublishError(`${root} holds more than ${FILES_MAX} files: pack them first`);
    }
  };
  await walk([]);
  if (files.length === 0) throw new PublishError(`${root} holds no files`);
  return files.sort((a, b) => (a.path.join('/') < b.path.join('/') ? -1 : 1));
}
