import type { Duplex } from 'node:stream';
import type { Clock } from '#base/clock.ts';

/** Waits for a dialled stream for at most `ms`. One that comes later, or after the abort, is destroyed: nobody else would. */
export async function dialInTime(
  dialled: Promise<Duplex>,
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<Duplex> {
  const done = new AbortController();
  const late = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    throw new Error('dialling took too long');
  });
  late.catch(() => {});
  let taken = false;
  try {
    const stream = await Promise.race([dialled, late]);
    taken = true;
    return stream;
  } finally {
    done.abort();
    if (!taken) dialled.then(discard, () => {});
  }
}

function discard(stream: Duplex): void {
  stream.on('error', () => {});
  stream.destroy();
}
