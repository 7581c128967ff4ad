import type { Problem } from '#admin/contract-common.ts';
import type { FleetUpload } from '#admin/contract-fleet.ts';

/** A part of a file, sent or not. */
export type Sent = { ok: true; answer: FleetUpload } | { ok: false; problem: Problem };
export type Part = { readonly upload: string; readonly file: number; readonly from: number };

export type SendingWorld = {
  /** Sends a file from one of its bytes on. */
  send(part: Part, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Sent>;
  /** How far the central is. */
  view(upload: string, signal: AbortSignal): Promise<Sent>;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** So many bytes are there in all. */
  onBytes(bytes: number): void;
  /** The line broke; in so many ms it is tried again. Undefined: it goes on. */
  onPause(ms: number | undefined): void;
};

/** Pauses before the same byte is tried again, ms: some two minutes in all. */
export const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000] as const;
/** What another try may mend: the line, a central that is being started, or an earlier line that did not know that it broke. */
const PASSING = new Set(['no-answer', 'garbled', 'busy', 'conflict', 'invalid']);

/**
 * Sends all files of an upload, one after the other, from where the central is. A line that breaks is dialled again, from the byte that arrived last; what else goes wrong is the answer.
 */
export async function sendAll(
  begun: FleetUpload,
  files: number,
  world: SendingWorld,
  signal: AbortSignal,
): Promise<Sent> {
  let now = begun;
  let tries = 0;
  world.onBytes(now.receivedBytes);
  while (now.state === 'receiving' && now.file < files) {
    const { id, file, from, receivedBytes } = now;
    const part = { upload: id, file, from };
    const sent = await world.send(part, (bytes) => world.onBytes(receivedBytes + bytes), signal);
    if (sent.ok) {
      now = sent.answer;
      tries = 0;
      world.onBytes(now.receivedBytes);
      continue;
    }
    if (signal.aborted || !PASSING.has(sent.problem.why)) return sent;
    const seen = await asked(world, now, tries, sent, signal);
    if (!seen.ok) return seen;
    // Whoever got on may break again.
    tries = seen.answer.receivedBytes > receivedBytes ? 0 : tries + 1;
    now = seen.answer;
    world.onBytes(now.receivedBytes);
  }
  return { ok: true, answer: now };
}

/** How far the central is, once it answers again. */
async function asked(
  world: SendingWorld,
  now: FleetUpload,
  tries: number,
  broke: Sent,
  signal: AbortSignal,
): Promise<Sent> {
  let last = broke;
  for (let i = tries; i < PAUSES_MS.length; i++) {
    const ms = PAUSES_MS[i] as number;
    world.onPause(ms);
    await world.wait(ms, signal);
    world.onPause(undefined);
    if (signal.aborted) return last;
    const seen = await world.view(now.id, signal);
    if (seen.ok || !PASSING.has(seen.problem.why)) return seen;
    last = seen;
  }
  return last;
}
