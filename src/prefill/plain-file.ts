import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '#base/errors.ts';

const NOT_PLAIN = 'only plain files are taken';

/** By the code of open(2): why a file cannot be read, now and later. */
const WHYS: Readonly<Record<string, string>> = {
  ELOOP: NOT_PLAIN, // a symbolic link
  ENXIO: NOT_PLAIN, // a socket
  // As a service the box is root without root's right to read whatever there is.
  EACCES: 'the box may not read it: make it readable for all (chmod a+r)',
};

/**
 * A file that a stranger put there: links are not followed, and pipes not waited for. At most `mostBytes` and one more, so that more of them show.
 * Rejects when it may be read another time.
 */
export async function readPlain(path: Buffer, mostBytes: number): Promise<Buffer | { readonly why: string }> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const why = WHYS[errorCode(error) ?? ''];
    if (why) return { why };
    throw error;
  }
  try {
    const at = await file.stat();
    if (!at.isFile()) return { why: NOT_PLAIN };
    const bytes = Buffer.alloc(Math.min(at.size, mostBytes + 1));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
