import { link, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '#base/errors.ts';
import { segmentName } from './layout.ts';
import { STORE_LIMITS } from './limits.ts';
import { syncFolder } from './open-files.ts';
import { type BorrowedFile, borrowedName, segmentsOf } from './places.ts';
import { LAYOUT_FILE, writeDurably } from './task-folder.ts';
import type { Lender, SharedFile } from './task-store.ts';

const BORROWED_FILE = 'borrowed.json';

/**
 * A file that two torrents share lies on the disk once: the second torrent's folder has the first one's segments under
 * names of its own (link(2)). Neither owns them: whichever is removed last frees the bytes, and each folder alone tells
 * all there is to know about it.
 */
export async function borrowedIn(folder: string): Promise<BorrowedFile[]> {
  const path = join(folder, BORROWED_FILE);
  const text = await textOf(path);
  if (text === undefined) return [];
  const list: unknown = JSON.parse(text);
  // A list that is not as we wrote it says nothing: the pieces are looked for elsewhere, not found, and fetched again.
  return Array.isArray(list) && list.every(isBorrowedFile) ? list : [];
}

/** The list of `folder` with one file more, which it shares with the torrent in `lender` from now on. Rejects with what is in the way. */
export async function borrowFrom(
  lender: string,
  { firstPiece }: Lender,
  file: SharedFile,
  folder: string,
  before: readonly BorrowedFile[],
): Promise<BorrowedFile[]> {
  const root = Buffer.from(file.root).toString('hex');
  const lent = (await borrowedIn(lender)).find((b) => b.root === root);
  const own = { root, firstPiece: file.firstPiece, lengthBytes: file.lengthBytes };
  const borrowed: BorrowedFile = lent
    ? { ...lent, ...own }
    : { ...own, ...(await segmentsOfLender(lender, firstPiece)) };
  const [first, end] = segmentsOf(borrowed);
  for (let segment = first; segment < end; segment++) {
    const name = borrowedName(root, segment);
    await linkAgain(join(lender, lent ? name : segmentName(segment)), join(folder, name));
  }
  await syncFolder(folder);
  const after = [...before, borrowed];
  await writeDurably(join(folder, BORROWED_FILE), Buffer.from(`${JSON.stringify(after)}\n`));
  return after;
}

async function segmentsOfLender(
  lender: string,
  firstPiece: number,
): Promise<Pick<BorrowedFile, 'startBytes' | 'segmentBytes'>> {
  const text = await textOf(join(lender, LAYOUT_FILE));
  const layout = JSON.parse(text ?? 'null') as { pieceLength?: unknown; segmentBytes?: unknown } | null;
  const { pieceLength, segmentBytes } = layout ?? {};
  if (!isCount(pieceLength) || !isCount(segmentBytes) || segmentBytes === 0)
    throw new Error(`${lender} has no layout that could be lent`);
  return { startBytes: firstPiece * pieceLength, segmentBytes };
}

/** A name left by a try that was cut short, or by a file that was given up, is made anew. */
async function linkAgain(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const [there, here] = await Promise.all([stat(from), stat(to)]);
    if (there.ino === here.ino) return;
    await rm(to);
    await link(from, to);
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > STORE_LIMITS.borrowedBytes) return undefined;
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isBorrowedFile(value: unknown): value is BorrowedFile {
  const { root, firstPiece, lengthBytes, startBytes, segmentBytes } = (value ?? {}) as Record<string, unknown>;
  const counts = [firstPiece, lengthBytes, startBytes, segmentBytes].every(isCount);
  return counts && lengthBytes !== 0 && segmentBytes !== 0 && typeof root === 'string' && /^[0-9a-f]{64}$/.test(root);
}
