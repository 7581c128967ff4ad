import { INDEX_LIMITS } from './limits.ts';

/** A text as it is searched: full-width and half-width, large and small letters are the same. */
export const fold = (text: string): string => text.toWellFormed().normalize('NFKC').toLowerCase();

/** The words of what a person typed; each is to be somewhere in a name. Chinese is not told apart by spaces, so a word may be any part of one. */
export const wordsOf = (search: string): string[] =>
  fold(search.slice(0, INDEX_LIMITS.searchChars))
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, INDEX_LIMITS.searchWords);

/** Every info-hash that begins as the text does lies between these two; undefined when none can. */
export function hashRange(search: string): { readonly from: Buffer; readonly to: Buffer } | undefined {
  const text = search.trim().toLowerCase();
  // Of a v2 torrent's 64 digits, 40 are its name (BEP 52).
  if (!/^[0-9a-f]{1,64}$/.test(text)) return undefined;
  const digits = text.slice(0, 40);
  return { from: Buffer.from(digits.padEnd(40, '0'), 'hex'), to: Buffer.from(digits.padEnd(40, 'f'), 'hex') };
}
