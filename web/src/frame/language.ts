import type { Language } from './format.ts';
import { hasOwn } from './own.ts';

const KEY = 'swarmbox.language';

/** What the operator chose before, else what the browser prefers. */
export function pickLanguage(kept: string | null, preferred: readonly string[]): Language {
  if (kept === 'en' || kept === 'zh-CN') return kept;
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return 'zh-CN';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

// A browser may forbid storage; the page then forgets the choice and goes on.
export const keptLanguage = (): string | null => kept(KEY);
export const keepLanguage = (language: Language): void => keep(KEY, language);

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {}
}

/** The sentence for a code, or the box's own words when the page knows no such code. */
export const say = (table: Readonly<Record<string, string>>, why: string): string =>
  hasOwn(table, why) ? (table[why] as string) : why;

/** What stands under a code, if the page knows it. */
export const known = <T>(table: Readonly<Record<string, T>>, code: string): T | undefined =>
  hasOwn(table, code) ? table[code] : undefined;

/** Puts `detail` into `{places}`. A place without a value stays empty. */
export const fill = (sentence: string, detail: Readonly<Record<string, string>>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, key: string) => (hasOwn(detail, key) ? (detail[key] as string) : ''));
