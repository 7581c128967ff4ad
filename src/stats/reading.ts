import type { Moved } from '#index/traffic-rows.ts';

/** What the kernel counted at a port since it is there. */
export type PortBytes = { readonly rxBytes: number; readonly txBytes: number };

/** All counters at one moment. */
export type Reading = {
  /** Monotonic, ms: the wall clock may be set. */
  readonly elapsedMs: number;
  /** Undefined: there is no such port, or the kernel did not answer. */
  readonly wan: PortBytes | undefined;
  readonly lan: PortBytes | undefined;
  /** Bytes since the process began. */
  readonly served: number;
  readonly fresh: number;
  readonly filled: number;
  readonly passed: number;
  /** Connections with clients now. */
  readonly clients: number;
};

/** What moved between two readings. */
export type Delta = {
  readonly moved: Moved;
  /** A port was counted from zero again, or was not there: what it carried meanwhile is not all known. */
  readonly isBroken: boolean;
};

/** Makes deltas of readings. The first makes none: what a port counted before the process began is nothing that it saw. */
export class Deltas {
  #last: Reading | undefined;
  /** Of each port the last that was known: it may come back with the same counters. */
  #wan: PortBytes | undefined;
  #lan: PortBytes | undefined;

  next(now: Reading): Delta | undefined {
    const last = this.#last;
    this.#last = now;
    const wan = portDelta(this.#wan, now.wan);
    const lan = portDelta(this.#lan, now.lan);
    this.#wan = now.wan ?? this.#wan;
    this.#lan = now.lan ?? this.#lan;
    if (!last) return undefined;
    const coveredMs = Math.max(0, Math.round(now.elapsedMs - last.elapsedMs));
    return {
      isBroken: wan.isBroken || lan.isBroken,
      moved: {
        coveredMs,
        wanMs: now.wan ? coveredMs : 0,
        lanMs: now.lan ? coveredMs : 0,
        clientMs: Math.max(0, now.clients) * coveredMs,
        wanRx: wan.rx,
        wanTx: wan.tx,
        lanRx: lan.rx,
        lanTx: lan.tx,
        served: grown(last.served, now.served),
        fresh: grown(last.fresh, now.fresh),
        filled: grown(last.filled, now.filled),
        passed: grown(last.passed, now.passed),
      },
    };
  }
}

const grown = (before: number, now: number): number => Math.max(0, now - before);

/** A port that counts from zero again was made anew: what it counts now came since. */
function portDelta(before: PortBytes | undefined, now: PortBytes | undefined) {
  if (!before || !now) return { rx: 0, tx: 0, isBroken: true };
  const isAnew = now.rxBytes < before.rxBytes || now.txBytes < before.txBytes;
  if (isAnew) return { rx: now.rxBytes, tx: now.txBytes, isBroken: true };
  return { rx: now.rxBytes - before.rxBytes, tx: now.txBytes - before.txBytes, isBroken: false };
}
