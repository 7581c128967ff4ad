/** Longest text of a stranger that is put on the page, in code points. Longer ones are cut: a row is not a book. */
const MOST_CHARS = 400;
/** Marks in a row on one letter. Real scripts use up to three or four; a tower of them paints over its neighbours. */
const MOST_MARKS = 4;
const FIRST_MARK = 0x300;
/** Letters, figures and signs of ASCII: nothing to look at more closely. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * A stranger's text made fit to be looked at. It is rendered as text, so markup is harmless; this is about what a reader's
 * eyes can be fooled with: control characters and half surrogates become a visible U+FFFD, direction overrides and
 * invisible characters go, towers of marks are cut.
 */
export function safeText(text: string, most: number = MOST_CHARS): string {
  // Most texts, and far quicker: there are hundreds on a page.
  if (text.length <= most && PLAIN.test(text)) return text.trim();
  let out = '';
  let marks = 0;
  let taken = 0;
  for (const char of text) {
    if (taken >= most) return `${out}…`;
    const code = char.codePointAt(0) as number;
    const shown = shownAs(char, code);
    if (shown === '') continue;
    marks = code >= FIRST_MARK && /\p{M}/u.test(char) ? marks + 1 : 0;
    if (marks > MOST_MARKS) continue;
    out += shown;
    taken++;
  }
  return out.trim();
}

function shownAs(char: string, code: number): string {
  if (code === 0x09 || code === 0x0a || code === 0x0d) return ' ';
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return '\uFFFD';
  if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD';
  // Direction marks, embeddings, overrides and isolates: <bdi> orders names; none may order what stands around them.
  if (code === 0x061c || (code >= 0x200e && code <= 0x200f)) return '';
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x206f)) return '';
  if (code === 0x2028 || code === 0x2029) return ' ';
  // Zero-width space, word joiner and friends, byte order mark, tags. The joiners U+200C and U+200D stay: scripts need them.
  if (code === 0x200b || (code >= 0x2060 && code <= 0x2064) || code === 0xfeff || (code >= 0xe0000 && code <= 0xe007f))
    return '';
  return char;
}
