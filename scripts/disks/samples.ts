import { createHash } from 'node:crypto';
import { infoHashOf } from '#base/units.ts';
import { type Sample, sampleOf, seededBytes } from '#store/fixtures.ts';

const TORRENTS = 3;
const PIECES = 40;
const PIECE_BYTES = 64 * 1024;

/** The torrents that a process about to be killed and the one that looks at its remains agree on. */
export const samplesOf = (seed: number): Sample[] =>
  Array.from({ length: TORRENTS }, (_, number) => {
    const content = seededBytes(PIECES * PIECE_BYTES - 1000, seed * TORRENTS + number);
    return sampleOf(content, PIECE_BYTES, infoHashOf(createHash('sha1').update(`${seed} ${number}`).digest()));
  });
