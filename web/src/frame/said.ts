import { bytes, clockTime, duration, joined, percent, rate } from './format.ts';
import { frameWords } from './frame-words.ts';
import { language } from './words.ts';

/** Figures as the reader writes them. All of them read the page's language, so that what shows them is drawn anew when it changes. */
export const saidBytes = (n: number): string => joined(bytes(n, language.value));
export const saidRate = (bytesPerS: number): string => joined(rate(bytesPerS, language.value));
export const saidCount = (n: number): string => n.toLocaleString(language.value);
export const saidShare = (share: number): string => percent(share);
export const saidClock = (atMs: number): string => clockTime(atMs, language.value);
export const saidDuration = (ms: number): string => duration(ms, frameWords.get().time);

/** Day and clock, for what may be long ago. */
export const saidDate = (atMs: number): string =>
  new Date(atMs).toLocaleString(language.value, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });

/** How long ago, in the largest part alone: `3 h ago`. */
export function saidAgo(atMs: number, nowMs: number): string {
  const words = frameWords.get();
  const ms = Math.max(0, nowMs - atMs);
  if (ms < 5000) return words.justNow;
  const part = ms >= 86_400_000 ? 86_400_000 : ms >= 3_600_000 ? 3_600_000 : ms >= 60_000 ? 60_000 : 1000;
  return words.ago(duration(Math.floor(ms / part) * part, words.time));
}
