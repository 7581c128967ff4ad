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

/** `from`, `to`: `HH:MM`, up to 24:00; past midnight where `to` is not later than `from`. */
export type HourLimit = { readonly from: string; readonly to: string; readonly mbps: number };

const MINUTES = 24 * 60;

/** Minutes since midnight; undefined for what is no time. */
export function minutesOf(time: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):([0-5]\d)$/.exec(time) ?? [];
  const at = Number(hours) * 60 + Number(minutes);
  return at <= MINUTES ? at : undefined;
}

function holds({ from, to }: HourLimit, at: number): boolean {
  const [begin = 0, end = 0] = [minutesOf(from), minutesOf(to)];
  return begin < end ? begin <= at && at < end : begin <= at || at < end;
}

/** Infinite where there is no limit. */
export function limitBytesPerS({ mbps, hours }: UplinkLimits, now: Date): number {
  const at = now.getHours() * 60 + now.getMinutes();
  const limit = hours.find((h) => holds(h, at))?.mbps ?? mbps;
  return limit === undefined ? Number.POSITIVE_INFINITY : (limit * 1e6) / 8;
}
