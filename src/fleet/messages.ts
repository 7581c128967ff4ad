import { problemsOf, type Schema } from '#base/schema-check.ts';
import { bad, ok, type Parsed } from '#wire/parsed.ts';
import type { Down, Log, Ranges, Up } from './message-types.ts';
import messages from './messages-schema.json' with { type: 'json' };

const VERSION = 1;
export const CONTENT_TYPE = `application/vnd.swarmbox.fleet+json; v=${VERSION}`;
/** Bytes of one message: the longest are a part of a seed, and a list of all nodes. */
export const MESSAGE_BYTES = 512 * 1024;

/** A message by its name, as `Down` and `Up` have them. */
export type Named<T> = { [K in keyof T]: { readonly kind: K } & Readonly<T[K]> }[keyof T];
export type DownMessage = Named<Down>;
export type UpMessage = Named<Up>;
export type LogMessage = Named<Log>;

/** As the broker carries it. */
export type Carried = { readonly type: string; readonly contentType: string; readonly body: Buffer };

/** Why a message is not read. 'unsupported': it may be right and is of a version, or a kind, that is not known here: its sender is to hear of it. */
export type Unread = { readonly kind: 'unsupported' | 'bad'; readonly why: string };

const SCHEMA = messages as unknown as Schema;
const DEFINITIONS = SCHEMA.definitions as Readonly<Record<string, Schema>>;
const kindsOf = (side: 'Down' | 'Up' | 'Log'): Readonly<Record<string, Schema>> =>
  (DEFINITIONS[side] as { properties: Readonly<Record<string, Schema>> }).properties;
const KINDS = { down: kindsOf('Down'), up: kindsOf('Up'), log: kindsOf('Log') };

/** Throws on what its receiver would not read: a bug here. */
export function encodeDown(message: DownMessage): Carried {
  return encode(KINDS.down, message);
}
export function encodeUp(message: UpMessage): Carried {
  return encode(KINDS.up, message);
}

export function encodeLog(message: LogMessage): Carried {
  return encode(KINDS.log, message);
}

export const decodeDown = (carried: Carried): { kind: 'ok'; value: DownMessage } | Unread =>
  decode(KINDS.down, carried);
export const decodeUp = (carried: Carried): { kind: 'ok'; value: UpMessage } | Unread => decode(KINDS.up, carried);
export const decodeLog = (carried: Carried): { kind: 'ok'; value: LogMessage } | Unread => decode(KINDS.log, carried);

function encode(kinds: Readonly<Record<string, Schema>>, { kind, ...rest }: { readonly kind: string }): Carried {
  const why = problem(kinds[kind], rest);
  if (why) throw new RangeError(`bug: a ${kind} that nobody would read: ${why}`);
  const body = Buffer.from(JSON.stringify(rest));
  if (body.length > MESSAGE_BYTES) throw new RangeError(`bug: a ${kind} of ${body.length} bytes`);
  return { type: kind, contentType: CONTENT_TYPE, body };
}

function decode<M>(
  kinds: Readonly<Record<string, Schema>>,
  { type, contentType, body }: Carried,
): { kind: 'ok'; value: M } | Unread {
  const schema = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (contentType !== CONTENT_TYPE) return { kind: 'unsupported', why: `content type ${contentType.slice(0, 80)}` };
  if (!schema) return { kind: 'unsupported', why: `message ${type.slice(0, 40)}` };
  if (body.length > MESSAGE_BYTES) return bad(`${body.length} bytes`);
  let said: unknown;
  try {
    said = JSON.parse(body.toString('utf8'));
  } catch {
    return bad('no JSON');
  }
  const why = problem(schema, said);
  return why ? bad(why) : { kind: 'ok', value: { ...(said as object), kind: type } as M };
}

function problem(schema: Schema | undefined, value: unknown): string | undefined {
  if (!schema) return 'nobody knows it';
  const [first] = problemsOf(value, schema, SCHEMA);
  return first && `${first.path || 'it'}: ${first.code}`;
}

/** Runs of pieces that `is` holds for, of so many. */
export function rangesOf(pieceCount: number, is: (piece: number) => boolean): Ranges {
  const ranges: Ranges = [];
  for (let piece = 0; piece < pieceCount; piece++) {
    if (!is(piece)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === piece) last[1] = piece + 1;
    else ranges.push([piece, piece + 1]);
  }
  return ranges;
}

/** The pieces of the runs, of so many; what lies beyond is left out. */
export function piecesIn(ranges: Ranges, pieceCount: number): Parsed<Set<number>> {
  const pieces = new Set<number>();
  for (const [first, end] of ranges) {
    if (first === undefined || end === undefined || first > end) return bad('a run that ends before it begins');
    for (let piece = first; piece < Math.min(end, pieceCount); piece++) pieces.add(piece);
  }
  return ok(pieces);
}
