import type { Moved } from '#index/traffic-rows.ts';

export const FIELDS = [
  'coveredMs',
  'wanMs',
  'lanMs',
  'clientMs',
  'wanRx',
  'wanTx',
  'lanRx',
  'lanTx',
  'served',
  'fresh',
  'filled',
  'passed',
] as const satisfies readonly (keyof Moved)[];

export const nothing = (): Moved => ({
  coveredMs: 0,
  wanMs: 0,
  lanMs: 0,
  clientMs: 0,
  wanRx: 0,
  wanTx: 0,
  lanRx: 0,
  lanTx: 0,
  served: 0,
  fresh: 0,
  filled: 0,
  passed: 0,
});

export function addTo(sum: Moved, more: Moved): void {
  for (const field of FIELDS) sum[field] += more[field];
}

export function sumOf(all: Iterable<Moved>): Moved {
  const sum = nothing();
  for (const one of all) addTo(sum, one);
  return sum;
}

/** Cut in proportion to `shares`, in whole numbers: the parts are the whole again, to the byte. */
export function split(whole: Moved, shares: readonly number[]): Moved[] {
  if (shares.length <= 1) return [{ ...whole }];
  const parts = shares.map(nothing);
  for (const field of FIELDS) {
    let [given, share] = [0, 0];
    for (const [i, part] of parts.entries()) {
      share += shares[i] as number;
      const upTo = i === parts.length - 1 ? whole[field] : Math.min(whole[field], Math.round(whole[field] * share));
      part[field] = upTo - given;
      given = upTo;
    }
  }
  return parts;
}
