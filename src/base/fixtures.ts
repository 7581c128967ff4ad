import fc from 'fast-check';

const SURROGATES_FROM = 0xd800;
const SURROGATES = 0x800;
const LAST = 0x10ffff;

/**
 * Any Unicode scalar value, as a unit of fc.string(). The same as fast-check's own 'binary', which makes a table of all million of them
 * first: two seconds for each process.
 */
export const anyCharacter = fc.nat({ max: LAST - SURROGATES }).map(
  (n) => String.fromCodePoint(n < SURROGATES_FROM ? n : n + SURROGATES),
  (text) => {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (code === undefined || text !== String.fromCodePoint(code)) throw new Error('not one character');
    if (code >= SURROGATES_FROM && code < SURROGATES_FROM + SURROGATES) throw new Error('half of a character');
    return code < SURROGATES_FROM ? code : code - SURROGATES;
  },
);
