/** Whether version `a` is later than `b`: number by number (1.10 comes after 1.9), and what is called `-rc1` before what is not. What follows a `+` says nothing. */
export function isNewer(a: string, b: string): boolean {
  const [ours, theirs] = [partsOf(a), partsOf(b)];
  return (compared(ours.main, theirs.main, '0') || comparedEnds(ours.end, theirs.end)) > 0;
}

function partsOf(version: string): { readonly main: string[]; readonly end: string[] | undefined } {
  const [named = ''] = version.replace(/^v(?=\d)/, '').split('+');
  const at = named.indexOf('-');
  const words = (text: string): string[] => text.match(/\d+|[^\d.-]+/g) ?? [];
  return at < 0
    ? { main: words(named), end: undefined }
    : { main: words(named.slice(0, at)), end: words(named.slice(at)) };
}

function comparedEnds(a: string[] | undefined, b: string[] | undefined): number {
  if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
  return compared(a, b, '');
}

/** `lacking`: what stands where one of them has no more words. */
function compared(a: readonly string[], b: readonly string[], lacking: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? lacking, b[i] ?? lacking];
    const order = comparedWords(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

const isNumber = (word: string): boolean => /^\d+$/.test(word);

function comparedWords(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) {
    const [x, y] = [BigInt(a), BigInt(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
