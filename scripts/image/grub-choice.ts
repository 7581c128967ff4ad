/** What GRUB would start, by its environment: what image/grub/grub.cfg does, in words that a test can read. */

export type Slot = 'A' | 'B';
export type GrubChoice = {
  readonly slot: Slot;
  /** Which try of it. */
  readonly turn: number;
  /** Nothing was left to try. */
  readonly isLast: boolean;
  /** Where its words came from; `nowhere`: from its settings, and it can note nothing down. */
  readonly by: 'grubenv' | 'grubenv.bak' | 'nowhere';
  readonly words: ReadonlyMap<string, string>;
};

const SIGNATURE = '# GRUB Environment Block\n';
const BLOCK_BYTES = 1024;
/** What is written to one sector is there as a whole or not at all. */
const SECTOR_BYTES = 512;
const TRIES = { new: 3, proven: 9 };
const ALLOWED: readonly (readonly [RegExp, RegExp])[] = [
  [/^ORDER$/, /^(A B|B A|A|B)$/],
  [/^[AB]_OK$/, /^[01]$/],
  [/^[AB]_TRY$/, /^[0-9]$/],
  [/^PROVEN$/, /^(A|B|A B|B A)?$/],
];

/** GRUB takes a block by its first line, and so does its own grub-editenv. */
export const isBlock = (bytes: Buffer | undefined): bytes is Buffer =>
  bytes !== undefined && bytes.toString('latin1', 0, SIGNATURE.length) === SIGNATURE;

export function wordsOf(block: Buffer): Map<string, string> {
  const words = new Map<string, string>();
  for (const line of block.toString('latin1').split('\n')) {
    const at = line.indexOf('=');
    if (!line.startsWith('#') && at > 0) words.set(line.slice(0, at), line.slice(at + 1));
  }
  return words;
}

/** What is wrong with a block that GRUB takes. */
export function blockTroubles(block: Buffer): string[] {
  const troubles: string[] = [];
  if (block.length !== BLOCK_BYTES) troubles.push(`${block.length} bytes long`);
  const text = block.toString('latin1');
  if (!/^(.*\n)*#*$/.test(text)) troubles.push('its end is not filled up');
  if (text.trimEnd().replace(/#+$/, '').length > SECTOR_BYTES) troubles.push('its words do not fit into one sector');
  const words = wordsOf(block);
  for (const name of ['ORDER', 'A_OK', 'A_TRY', 'B_OK', 'B_TRY']) if (!words.has(name)) troubles.push(`no ${name}`);
  for (const [name, value] of words)
    if (ALLOWED.some(([names, values]) => names.test(name) && !values.test(value))) troubles.push(`${name}=${value}`);
  return troubles;
}

export function grubChoice(grubenv: Buffer | undefined, backup: Buffer | undefined): GrubChoice {
  const by = isBlock(grubenv) ? 'grubenv' : isBlock(backup) ? 'grubenv.bak' : 'nowhere';
  const block = by === 'grubenv' ? grubenv : by === 'grubenv.bak' ? backup : undefined;
  const words = block ? wordsOf(block) : new Map<string, string>();
  const order = (words.get('ORDER') ?? 'A B').split(' ').filter((slot): slot is Slot => slot === 'A' || slot === 'B');
  const isOk = (slot: Slot): boolean => (words.get(`${slot}_OK`) ?? (slot === 'A' ? '1' : '0')) === '1';
  const tries = (slot: Slot): number => Number(words.get(`${slot}_TRY`) ?? '0');
  const limit = (slot: Slot): number =>
    (words.get('PROVEN') ?? '').split(' ').includes(slot) ? TRIES.proven : TRIES.new;
  const slot = order.find((slot) => isOk(slot) && tries(slot) < limit(slot));
  if (slot) return { slot, turn: tries(slot) + 1, isLast: false, by, words };
  return { slot: order.findLast(isOk) ?? 'A', turn: TRIES.proven, isLast: true, by, words };
}
