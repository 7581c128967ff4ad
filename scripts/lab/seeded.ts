/** The same draws each time: a linear congruential generator modulo 2^31. At least 0, less than 1. */
export function seeded(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 2 ** 31;
  };
}
