import { type Hours, isWithin } from '#base/hours.ts';

/** What the operator allows of the line to the internet. Megabits are 1e6 bits, gigabytes 1e9 bytes; absent: no limit. */
export type UplinkLimits = {
  readonly mbps?: number | undefined;
  /** In these hours of the day, local time, this rate and not `mbps`. The first that holds. */
  readonly hours: readonly HourLimit[];
  /** From midnight to midnight, local time. */
  readonly dayGB?: number | undefined;
  /** Make way for others, and keep the line's queue short. */
  readonly yield: boolean;
  /** Of what is fetched, the share that may lie untaken by any client. Above it nothing is fetched before a client has come. */
  readonly wasteShare: number;
};

export type HourLimit = Hours & { readonly mbps: number };

/** Infinite where there is no limit. */
export function limitBytesPerS({ mbps, hours }: UplinkLimits, now: Date): number {
  const limit = hours.find((h) => isWithin(h, now))?.mbps ?? mbps;
  return limit === undefined ? Number.POSITIVE_INFINITY : (limit * 1e6) / 8;
}
