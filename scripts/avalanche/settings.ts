/** What `make avalanche` does to the box, from the environment. */
export type AvalancheSettings = {
  readonly prefix: string;
  /** Clients that come, and within how many seconds. */
  readonly clients: number;
  readonly seconds: number;
  /** Torrents that they want: more than may be fetched at the same time. */
  readonly torrents: number;
  /** The line between router and internet, Mbit/s. */
  readonly wanMbit: number;
};

const whole = (name: string, fallback: number, most: number): number => {
  const value = process.env[name] === undefined ? fallback : Number(process.env[name]);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`${name}: a number from 1 to ${most}`);
  return value;
};

export const readAvalancheSettings = (): AvalancheSettings => ({
  prefix: process.env.CAFE_PREFIX ?? 'swarmbox-avalanche-',
  clients: whole('CLIENTS', 5_000, 20_000),
  seconds: whole('SECONDS', 10, 120),
  torrents: whole('TORRENTS', 40, 100),
  wanMbit: whole('WAN_MBIT', 200, 10_000),
});
