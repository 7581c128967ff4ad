import { CAPTURE_LIMITS } from './limits.ts';

/** `bytes`: the frame from its first link-layer byte, as far as it was captured; a view. */
export type OnFrame = (linkType: number, bytes: Buffer) => void;

/** `used`: bytes to go on by, possibly more than there are yet. */
export type Progress = { kind: 'used'; bytes: number } | { kind: 'more' } | { kind: 'damaged'; why: string };

export const MORE: Progress = { kind: 'more' };
export const used = (bytes: number): Progress => ({ kind: 'used', bytes });
export const damaged = (why: string): Progress => ({ kind: 'damaged', why });

/** One kind of file: reads the record at the front of `bytes`. */
export type Format = (bytes: Buffer, onFrame: OnFrame) => Progress;

export const isTooLong = (recordBytes: number): boolean => recordBytes > CAPTURE_LIMITS.recordBytes;
