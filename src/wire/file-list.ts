import type { BDict, BValue } from './bencode.ts';
import { asBytes, asDict, asInt, asList, asText } from './bencode.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';
import { safePath } from './safe-path.ts';

/** A file as the v1 part of an info dictionary lists it (BEP 3). `isPadding`: BEP 47, zeros that only move the next file. */
export type ListedFile = { path: readonly string[]; lengthBytes: number; isPadding: boolean };

/** `files`, or the one file that `length` stands for. */
export function listedFiles(info: BDict, name: string): Parsed<ListedFile[]> {
  const list = asList(info.get('files'));
  if (!list) {
    const lengthBytes = asInt(info.get('length'));
    if (lengthBytes === undefined || lengthBytes < 0) return bad('the torrent has no length');
    return ok([{ path: [name], lengthBytes, isPadding: false }]);
  }
  if (list.length > WIRE_LIMITS.files) return bad('the torrent has too many files');
  const files: ListedFile[] = [];
  for (const entry of list) {
    const file = listedFile(entry, name);
    if (file.kind === 'bad') return file;
    files.push(file.value);
  }
  return ok(files);
}

function listedFile(entry: BValue, name: string): Parsed<ListedFile> {
  const dict = asDict(entry);
  if (!dict) return bad('a file is no dictionary');
  const lengthBytes = isLink(dict) ? 0 : asInt(dict.get('length'));
  if (lengthBytes === undefined || lengthBytes < 0) return bad('a file has no length');
  const path = asList(dict.get('path.utf-8')) ?? asList(dict.get('path'));
  const elements = path?.map(asBytes).filter((part) => part !== undefined);
  if (!elements || elements.length !== path?.length || elements.length > WIRE_LIMITS.pathElements) {
    return bad('a file has no usable path');
  }
  return ok({ path: safePath(name, elements), lengthBytes, isPadding: isPadding(dict) });
}

/** BEP 47: a symbolic link takes no bytes, whatever length it states. */
export const isLink = (file: BDict): boolean =>
  asText(file.get('attr'))?.includes('l') === true && file.has('symlink path');

/** BEP 47. */
export const isPadding = (file: BDict): boolean => asText(file.get('attr'))?.includes('p') === true;
