import { KIB, MIB } from '#base/units.ts';

/** Every bound of the fuzzing itself, with its unit and why it is what it is. */
export const FUZZ_LIMITS = {
  /** Inputs of each target unless INPUTS says otherwise. */
  inputs: 1_000_000,
  /** Bytes of an input unless its target asks for more: parsers meet their own bounds well before. */
  inputBytes: 4 * KIB,
  /** An input that takes longer hangs. Parsers take microseconds; the rest is room for a busy machine. */
  hangMs: 20_000,
  /** How often the child's progress is looked at. */
  lookEveryMs: 250,
  /** A child whose JavaScript heap grows beyond this dies, which is a finding. In MiB. */
  childHeapMib: 512,
  /** Inputs before the heap is first measured: until then code is compiled and tables are built. Share of all. */
  warmUp: 0.2,
  /** Growth of memory in use, in bytes, after garbage collection, from there to the end. What is not a leak moves less. */
  heapGrowthBytes: 8 * MIB,
  /** Characters of a failure that are reported. */
  failureChars: 2_000,
  /** Targets that run at the same time. */
  processes: 2,
} as const;
