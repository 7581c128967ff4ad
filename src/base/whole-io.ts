/** Reads and writes of all bytes or an error: what readv(2) and writev(2) leave to their caller. */
import type { FileHandle } from 'node:fs/promises';

/** IOV_MAX of Linux (readv(2)): the kernel takes no more parts in one call. */
const MAX_PARTS = 1024;

/** What is left of `parts` after `done` bytes of them; empty parts are left out. */
function rest(parts: readonly Buffer[], done: number): Buffer[] {
  const left: Buffer[] = [];
  for (const part of parts) {
    if (done < part.length) left.push(done > 0 ? part.subarray(done) : part);
    done = Math.max(0, done - part.length);
  }
  return left;
}

/** Views of `length` bytes of the parts, from the byte `from` on. */
export function within(parts: readonly Buffer[], from: number, length: number): Buffer[] {
  const views: Buffer[] = [];
  for (const part of rest(parts, from)) {
    if (length === 0) break;
    const view = part.subarray(0, length);
    views.push(view);
    length -= view.length;
  }
  return views;
}

/** Writes all of it or throws. A short write is what a disk that has just become full answers first. */
export async function writeAll(file: FileHandle, parts: readonly Buffer[], offset: number): Promise<void> {
  for (let left = rest(parts, 0); left.length > 0; ) {
    const { bytesWritten } = await file.writev(left.slice(0, MAX_PARTS), offset);
    if (bytesWritten === 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'ENOSPC' });
    offset += bytesWritten;
    left = rest(left, bytesWritten);
  }
}

/** Fills all parts; false when the file ends before. */
export async function readAll(file: FileHandle, parts: readonly Buffer[], offset: number): Promise<boolean> {
  for (let left = rest(parts, 0); left.length > 0; ) {
    const { bytesRead } = await file.readv(left.slice(0, MAX_PARTS), offset);
    if (bytesRead === 0) return false;
    offset += bytesRead;
    left = rest(left, bytesRead);
  }
  return true;
}
