/** Hours of the day, local time. `from`, `to`: `HH:MM`, up to 24:00; past midnight where `to` is not later than `from`. */
export type Hours = { readonly from: string; readonly to: string };

const MINUTES = 24 * 60;

/** Minutes since midnight; undefined for what is no time. */
export function minutesOf(time: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):([0-5]\d)$/.exec(time) ?? [];
  const at = Number(hours) * 60 + Number(minutes);
  return at <= MINUTES ? at : undefined;
}

export function isWithin({ from, to }: Hours, now: Date): boolean {
  const at = now.getHours() * 60 + now.getMinutes();
  const [begin = 0, end = 0] = [minutesOf(from), minutesOf(to)];
  return begin < end ? begin <= at && at < end : begin <= at || at < end;
}
