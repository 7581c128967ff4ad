import type { NotInterceptable, Warning, WarningCode } from '#admin/contract.ts';

export const LIMITS = {
  /** Less than this share of all bytes is the odd device, which nobody need do anything about. */
  share: 0.05,
  /** Bytes before a share means anything: a minute of one slow download. */
  seenBytes: 10_000_000,
} as const;

const CODES: Readonly<Record<Exclude<keyof NotInterceptable, 'seen'>, WarningCode>> = {
  pppoe: 'pppoe-passes',
  qinq: 'qinq-passes',
  otherVlan: 'vlan-passes',
};

/** Says so when more than a little of the traffic has a form that the box cannot serve: it is plugged in at the wrong place, or lacks a VLAN. */
export function passingWarnings(counted: NotInterceptable | undefined): Warning[] {
  if (!counted || counted.seen.bytes < LIMITS.seenBytes) return [];
  return Object.entries(CODES).flatMap(([kind, code]): Warning[] => {
    const share = counted[kind as keyof typeof CODES].bytes / counted.seen.bytes;
    if (share < LIMITS.share) return [];
    return [{ code, severity: 'warn', detail: { percent: Math.round(100 * share) } }];
  });
}
