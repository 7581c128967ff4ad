import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake } from '#wire/handshake.ts';
import type { ClientTask } from './client-world.ts';

/**
 * The first bytes to a client: our handshake, then what the task has. BEP 3: the bitfield is the first message or none. BEP 6: with the fast
 * extension there is always one of bitfield, have-all, have-none. Without metainfo the honest answer is "nothing yet".
 */
export function greeting(task: ClientTask, fast: boolean): Buffer[] {
  const { infoHash, peerId } = task;
  const hands = encodeHandshake({ infoHash, peerId, extended: true, fast: true });
  const have = task.metainfo() ? task.have() : undefined;
  if (have?.full && fast) return [hands, encodeMessage({ kind: 'have-all' })];
  if (have && have.count > 0) return [hands, encodeMessage({ kind: 'bitfield', bits: Buffer.from(have.bytes) })];
  return fast ? [hands, encodeMessage({ kind: 'have-none' })] : [hands];
}
