import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { WIRE_LIMITS } from './limits.ts';
import { parseMagnet } from './magnet.ts';
import { nameText } from './name-text.ts';
import { bad, ok, type Parsed } from './parsed.ts';
import { parseQvodLink } from './qvod/link.ts';

/** What a person pasted to say which content is meant. */
export type Link =
  | {
      readonly kind: 'torrent';
      readonly written: 'magnet' | 'qvod' | 'hash';
      readonly infoHash: InfoHash;
      /** All the names it gives, that one first: a hybrid has two (BEP 52). */
      readonly ids: readonly InfoHash[];
      readonly name?: string;
      readonly sizeBytes?: number;
      readonly trackers: readonly string[];
    }
  /** A plain download: nothing that a swarm knows. */
  | { readonly kind: 'address'; readonly url: string }
  /** A system of Qvod's kin, whose links are known and whose wire form is in no public source. */
  | { readonly kind: 'no-known-wire'; readonly system: string };

const LINK_CHARS = 64 * 1024;

/** The shapes are verified (public site scrapers); see the table of kin in the protocol notes for what is not known. */
const KIN: readonly (readonly [RegExp, string])[] = [
  [/^bdhd:\/\//i, 'Baidu Yingyin (百度影音)'],
  [/^jjhd:\/\//i, 'Jiji Yingyin (吉吉影音)'],
  [/^xfplay:\/\//i, 'Xfplay (先锋影音)'],
  [/^xg:\/\//i, 'Xigua (西瓜影音)'],
  [/^ftp:\/\/(?:[^/@]*@)?[a-z0-9.-]*\bgbl\.114s\.com(?=[:/]|$)/i, 'Xigua (西瓜影音)'],
];

/** One reader for whatever is accepted where a magnet link is. Xunlei's wrapping is undone once. */
export function parseLink(text: string): Parsed<Link> {
  if (text.length > LINK_CHARS) return bad('the link is too long');
  const link = text.trim();
  const [, wrapped] = /^thunder:\/\/(.*)$/is.exec(link) ?? [];
  if (wrapped === undefined) return parsePlain(link);
  const inner = unwrapped(wrapped);
  return inner === undefined ? bad('the thunder link does not hold a link') : parsePlain(inner);
}

function parsePlain(link: string): Parsed<Link> {
  const infoHash = parseInfoHash(link);
  if (infoHash) return ok({ kind: 'torrent', written: 'hash', infoHash, ids: [infoHash], trackers: [] });
  if (/^magnet:/i.test(link)) {
    const read = parseMagnet(link);
    return read.kind === 'ok' ? ok({ kind: 'torrent', written: 'magnet', ...read.value }) : read;
  }
  if (/^qvod(?::|%3a)/i.test(link)) {
    const read = parseQvodLink(link);
    return read.kind === 'ok'
      ? ok({ kind: 'torrent', written: 'qvod', ids: [read.value.infoHash], trackers: [], ...read.value })
      : read;
  }
  const kin = KIN.find(([form]) => form.test(link));
  if (kin) return ok({ kind: 'no-known-wire', system: kin[1] });
  if (/^(?:https?|ftp):\/\/\S+$/i.test(link) && link.length <= WIRE_LIMITS.trackerChars)
    return ok({ kind: 'address', url: link });
  return bad('this is no link that is known here');
}

/** `thunder://` and the base64 of `AA`, the link and `ZZ`. Stated by many public converters. */
function unwrapped(base64: string): string | undefined {
  const text = nameText(Buffer.from(base64.replace(/\/$/, ''), 'base64'));
  return /^AA(.+)ZZ$/s.exec(text)?.[1]?.trim();
}
