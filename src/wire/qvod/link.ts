import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { WIRE_LIMITS } from '../limits.ts';
import { nameText } from '../name-text.ts';
import { bad, ok, type Parsed } from '../parsed.ts';

export type QvodLink = {
  readonly sizeBytes: number;
  readonly infoHash: InfoHash;
  /** As people write it: often with a `[site]` before the title. May be empty. */
  readonly name: string;
};

const LINK_CHARS = 16 * 1024;

/**
 * Reads `qvod://SIZE|HASH|NAME|`. Verified: builder and parser in YFNet function.h, and public site scrapers. The last
 * bar is often lost in copying; pages escape the link, or its name, in UTF-8 or GBK.
 */
export function parseQvodLink(text: string): Parsed<QvodLink> {
  if (text.length > LINK_CHARS) return bad('the Qvod link is too long');
  const [, body] = /^qvod(?::|%3a)(?:\/|%2f){2}(.*)$/is.exec(text.trim()) ?? [];
  if (body === undefined) return bad('not a Qvod link');
  const [, size = '', hash = '', rest = ''] = /^(\d{1,16})(?:\||%7c)([^|%]*)(?:(?:\||%7c)(.*))?$/is.exec(body) ?? [];
  const infoHash = parseInfoHash(hash);
  if (!infoHash) return bad('the Qvod link has no size and hash');
  const sizeBytes = Number(size);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes === 0) return bad('the Qvod link states no possible size');
  const name = unescaped(rest.replace(/(?:\||%7c).*$/is, ''));
  return ok({ sizeBytes, infoHash, name: name.slice(0, WIRE_LIMITS.nameChars) });
}

/** Bars would end the name early and are replaced. */
export const qvodLink = (l: QvodLink): string =>
  `qvod://${l.sizeBytes}|${l.infoHash.toUpperCase()}|${l.name.replaceAll('|', '_')}|`;

/** Undoes percent-escapes, whichever encoding they were made from; other text stays as it is. */
function unescaped(text: string): string {
  if (!/%[0-9a-f]{2}/i.test(text)) return text;
  const parts = text.split(/((?:%[0-9a-f]{2})+)/i);
  const bytes = parts.map((part, i) =>
    i % 2 === 1 ? Buffer.from(part.replaceAll('%', ''), 'hex') : Buffer.from(part),
  );
  const plainOnly = parts.every((part, i) => i % 2 === 1 || /^[\x20-\x7e]*$/.test(part));
  // A GBK character's second byte may be a plain letter, so an all-ASCII text is read as one string of bytes.
  return plainOnly ? nameText(Buffer.concat(bytes)) : bytes.map((b) => nameText(b)).join('');
}
