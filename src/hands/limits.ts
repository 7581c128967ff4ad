import { KIB, MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it has that size. */
export const HANDS_LIMITS = {
  /** Bytes of a request: a program and its words. */
  requestBytes: 4 * KIB,
  /** Words of a request, the program among them. */
  words: 16,
  /** A request that is not there whole by then is none, ms. */
  requestMs: 5_000,
  /** Bytes of an answer, as JSON: what a program says at most, and what escapes it. */
  answerBytes: 26 * MIB,
  /** Who asks at the same time. */
  askers: 16,
  /** Nobody has asked for so long, ms: the next one starts it again. */
  idleMs: 60_000,
} as const;
