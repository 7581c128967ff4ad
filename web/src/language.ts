import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Language } from './format.ts';
import { en, type Words } from './words-en.ts';
import { zh } from './words-zh.ts';

const KEY = 'swarmbox.language';

export const wordsOf = (language: Language): Words => (language === 'en' ? en : zh);

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
export function keptLanguage(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {}
}

export type Speech = { language: Language; words: Words };
export const SpeechContext = createContext<Speech>({ language: 'en', words: en });
export const useSpeech = (): Speech => useContext(SpeechContext);

/** The sentence for a code, or the box's own words when the page knows no such code. */
export const say = (table: Readonly<Record<string, string>>, why: string): string =>
  Object.hasOwn(table, why) ? (table[why] as string) : why;

/** Puts `detail` into `{places}`. A place without a value stays empty. */
export const fill = (sentence: string, detail: Readonly<Record<string, string>>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, key: string) => (Object.hasOwn(detail, key) ? (detail[key] as string) : ''));
