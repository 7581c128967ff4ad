/** What a run found, as a table for a person and one JSON line for a program. */
import type { ClientKind } from './clients/client.ts';

export type Phase = 'direct' | 'cold' | 'warm';

export type PcResult = {
  readonly phase: Phase;
  readonly pc: number;
  readonly client: ClientKind;
  readonly seconds: number;
  readonly sha1ok: boolean;
};

export type Findings = {
  readonly sizeBytes: number;
  readonly results: readonly PcResult[];
  /** Over the WAN port toward the box and over the LAN port from it, since the daemon's start. */
  readonly wanBytes: number;
  readonly lanBytes: number;
  readonly pcs: number;
  readonly passOk: boolean;
  /** What went wrong, one line each; empty when the run is a success. */
  readonly troubles: readonly string[];
};

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Total bytes over total seconds of a phase, in MB/s (1e6 bytes); 0 when the phase did not finish. */
export function phaseMBps(f: Findings, phase: Phase): number {
  const runs = f.results.filter((r) => r.phase === phase);
  const seconds = runs.reduce((sum, r) => sum + r.seconds, 0);
  return seconds > 0 ? (f.sizeBytes * runs.length) / 1e6 / seconds : 0;
}

/** Direct, cold and one for every further PC, and all of them right. */
export const sha1ok = (f: Findings): boolean => f.results.length === f.pcs + 1 && f.results.every((r) => r.sha1ok);

export const succeeded = (f: Findings): boolean => f.troubles.length === 0 && sha1ok(f) && f.passOk;

export function jsonLine(f: Findings): string {
  return JSON.stringify({
    directMBps: round(phaseMBps(f, 'direct'), 3),
    coldMBps: round(phaseMBps(f, 'cold'), 3),
    warmMBps: round(phaseMBps(f, 'warm'), 3),
    sizeBytes: f.sizeBytes,
    wanBytes: f.wanBytes,
    lanBytes: f.lanBytes,
    pcs: f.pcs,
    sha1ok: sha1ok(f),
    passOk: f.passOk,
    perPc: f.results.map((r) => ({
      ...r,
      seconds: round(r.seconds, 2),
      MBps: round(f.sizeBytes / 1e6 / r.seconds, 3),
    })),
    troubles: f.troubles,
  });
}

export function table(f: Findings): string {
  const direct = phaseMBps(f, 'direct');
  const rows = f.results.map((r) => {
    const rate = f.sizeBytes / 1e6 / r.seconds;
    const ratio = direct > 0 ? `${(rate / direct).toFixed(2)} x` : '-';
    return [
      r.phase,
      `PC ${r.pc}`,
      r.client,
      r.seconds.toFixed(1),
      rate.toFixed(2),
      ratio,
      r.sha1ok ? 'same' : 'DIFFERS',
    ];
  });
  const all = [['', '', 'client', 'seconds', 'MB/s', 'of direct', 'SHA-1'], ...rows];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0))) ?? [];
  const lines = all.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0, i >= 3 && i <= 5))
      .join('  ')
      .trimEnd(),
  );
  const size = f.sizeBytes / 1e6;
  const from = `${(f.wanBytes / 1e6).toFixed(1)} MB came in over the WAN and ${(f.lanBytes / 1e6).toFixed(1)} MB went out to the LAN`;
  return [
    ...lines,
    '',
    `since the box's start ${from}, for ${f.pcs} x ${size.toFixed(1)} MB`,
    `other traffic through the box: ${f.passOk ? 'untouched' : 'NOT AS IT SHOULD BE'}`,
  ].join('\n');
}

const pad = (cell: string, width: number, right: boolean): string =>
  right ? cell.padStart(width) : cell.padEnd(width);
