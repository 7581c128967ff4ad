/** What `make flood` does to the box, from the environment. */
export type FloodSettings = {
  readonly prefix: string;
  /** Intercepted connections of well-behaved clients that stay open all the time. */
  readonly held: number;
  /** New connections in a second, well-behaved and hostile by turns, and for how many seconds. */
  readonly perS: number;
  readonly seconds: number;
  /** The line between router and internet, Mbit/s: ordinary traffic is measured over it. */
  readonly wanMbit: number;
};

const whole = (name: string, fallback: number, most: number): number => {
  const value = process.env[name] === undefined ? fallback : Number(process.env[name]);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`${name}: a number from 1 to ${most}`);
  return value;
};

export const readFloodSettings = (): FloodSettings => ({
  prefix: process.env.CAFE_PREFIX ?? 'swarmbox-flood-',
  held: whole('HELD', 2_000, 10_000),
  perS: whole('PER_S', 200, 2_000),
  seconds: whole('SECONDS', 60, 600),
  wanMbit: whole('WAN_MBIT', 200, 10_000),
});
