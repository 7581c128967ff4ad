import { readFileSync } from 'node:fs';
import { HEALTH_LIMITS } from './limits.ts';

/** Counters of one interface since it came up. */
export type PortCounters = {
  rxBytes: number;
  txBytes: number;
  errors: number;
  dropped: number;
};

/**
 * Reads /proc/net/dev (proc_pid_net(5)): one line per interface, `name: rx{bytes packets errs drop fifo frame compressed
 * multicast} tx{bytes packets errs drop ...}`. It shows the interfaces of the reader's own network namespace, which /sys
 * does only when it was mounted there.
 */
export function parseNetDev(text: string): Map<string, PortCounters> {
  const ports = new Map<string, PortCounters>();
  for (const line of text.slice(0, HEALTH_LIMITS.procBytes).split('\n')) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const n = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [rxBytes, , rxErrors, rxDropped] = n;
    const [txBytes, , txErrors, txDropped] = n.slice(8);
    const all = [rxBytes, rxErrors, rxDropped, txBytes, txErrors, txDropped];
    if (!all.every((v): v is number => v !== undefined && Number.isFinite(v))) continue;
    ports.set(line.slice(0, colon).trim(), {
      rxBytes: rxBytes as number,
      txBytes: txBytes as number,
      errors: (rxErrors as number) + (txErrors as number),
      dropped: (rxDropped as number) + (txDropped as number),
    });
  }
  return ports;
}

/** Of each interface of the process's own network namespace. Asks the kernel, which answers at once. */
export const portCounters = (): Map<string, PortCounters> => parseNetDev(readFileSync('/proc/self/net/dev', 'utf8'));

/** Bytes that came in by the interface so far; undefined when there is none of that name. */
export const receivedBytes = (name: string): number | undefined => portCounters().get(name)?.rxBytes;

/** Bytes per second between two readings. A counter that ran backwards (the port was made anew) counts from zero. */
export function rateBytesPerS(before: number, after: number, elapsedMs: number): number {
  if (elapsedMs <= 0) return 0;
  const moved = after >= before ? after - before : after;
  return Math.round((moved * 1000) / elapsedMs);
}

export type CpuTimes = { user: number; nice: number; sys: number; idle: number; irq: number };

/** Share of all cores that was busy between two looks, 0..100; NaN when no time passed. */
export function busyPercent(before: readonly CpuTimes[], after: readonly CpuTimes[]): number {
  const idle = (all: readonly CpuTimes[]) => all.reduce((sum, t) => sum + t.idle, 0);
  const total = (all: readonly CpuTimes[]) => all.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.idle + t.irq, 0);
  const passed = total(after) - total(before);
  return passed > 0 ? Math.min(100, Math.max(0, 100 * (1 - (idle(after) - idle(before)) / passed))) : Number.NaN;
}
