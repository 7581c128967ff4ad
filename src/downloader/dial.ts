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
  let taken = false;
  let over = false;
  const stream = dialled.then((s) => {
    if (over) {
      s.on('error', () => {});
      s.destroy();
    }
    return s;
  });
  stream.catch(() => {});
  const late = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    throw new Error('dialling took too long');
  });
  late.catch(() => {});
  try {
    const s = await Promise.race([stream, late]);
    taken = true;
    return s;
  } finally {
    over = !taken;
    done.abort();
  }
}
