import type { InfoHash } from '#base/units.ts';
import { parseLink } from '#wire/links.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { nameText } from '#wire/name-text.ts';
import { bad, ok, type Parsed } from '#wire/parsed.ts';
import { LIMITS } from './limits.ts';

/** A torrent that the operator wants. */
export type Wanted = {
  /** All its names that are known, the first is its own. */
  readonly ids: readonly InfoHash[];
  readonly name: string;
  readonly trackers: readonly string[];
  /** Of a .torrent file; a link has none. */
  readonly meta?: Metainfo;
  /** Qvod's name: no BitTorrent swarm knows it. */
  readonly byPieces?: true;
};

/** What a dropped file asks for; what of it cannot be had, a sentence each. */
export type Dropped = { readonly wanted: readonly Wanted[]; readonly bad: readonly string[] };

export type DropKind = 'torrent' | 'magnet';

/** By the ending of its name. */
export function kindOf(fileName: string): DropKind | undefined {
  const [, ending] = /\.(torrent|magnet)$/i.exec(fileName) ?? [];
  return ending?.toLowerCase() as DropKind | undefined;
}

export const tooLarge = (kind: DropKind): string => `it is larger than ${mostBytes(kind) >> 20} MiB`;

export const mostBytes = (kind: DropKind): number => (kind === 'torrent' ? LIMITS.torrentBytes : LIMITS.linkBytes);

/** Whatever the bytes are, this returns. */
export function readDropped(kind: DropKind, bytes: Uint8Array): Dropped {
  if (bytes.length > mostBytes(kind)) return { wanted: [], bad: [tooLarge(kind)] };
  if (bytes.length === 0) return { wanted: [], bad: ['it is empty'] };
  return kind === 'torrent' ? readTorrent(bytes) : readLinks(textOf(bytes));
}

function readTorrent(bytes: Uint8Array): Dropped {
  const read = parseMetainfo(bytes);
  if (read.kind === 'bad') return { wanted: [], bad: [`it is no torrent file that can be used: ${read.why}`] };
  const { ids, name, trackers } = read.value;
  return { wanted: [{ ids, name: clip(name), trackers: usable(trackers), meta: read.value }], bad: [] };
}

/** A link a line. Empty lines, and those that begin with `#`, are for people. */
function readLinks(text: string): Dropped {
  const lines = text.split(/\r\n?|\n/).map((line, i) => ({ line: line.trim(), number: i + 1 }));
  const links = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  const wanted: Wanted[] = [];
  const wrong: string[] = [];
  for (const { line, number } of links.slice(0, LIMITS.links)) {
    const read = readLink(line);
    if (read.kind === 'ok') wanted.push(read.value);
    else wrong.push(`line ${number}: ${read.why}`);
  }
  if (links.length === 0) wrong.push('there is no link in it');
  if (links.length > LIMITS.links) wrong.push(`of its ${links.length} links only the first ${LIMITS.links} were read`);
  return { wanted, bad: wrong };
}

export function readLink(line: string): Parsed<Wanted> {
  const read = parseLink(line);
  if (read.kind === 'bad') return read;
  const link = read.value;
  if (link.kind === 'address') return bad('this is the address of a plain download, and no torrent');
  if (link.kind === 'no-known-wire') return bad(`what ${link.system} speaks is not publicly known`);
  const { ids, name = '', trackers } = link;
  const isQvod = link.written === 'qvod';
  return ok({ ids, name: clip(name), trackers: usable(trackers), ...(isQvod && { byPieces: true }) });
}

const clip = (text: string): string => text.slice(0, LIMITS.nameChars).toWellFormed();

/** Those that the box can ask. */
const usable = (trackers: readonly string[]): string[] =>
  trackers.filter((t) => /^(https?|udp):\/\//i.test(t) && t.length <= LIMITS.trackerChars).slice(0, LIMITS.trackers);

/** Windows' Notepad writes UTF-16 too, with a mark in front. */
function textOf(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const mark = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : undefined;
  const text = mark ? new TextDecoder(mark).decode(bytes) : nameText(bytes);
  return text.replace(/^\uFEFF/, '');
}
