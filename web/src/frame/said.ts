import { bytes, clockTime, duration, joined, percent, plain, rate } from './format.ts';
import { frameWords } from './frame-words.ts';
import { language } from './words.ts';

/** Figures as the reader writes them. What depends on the page's language reads it, so that what shows it is drawn anew when it changes. */
export const saidBytes = (n: number): string => joined(bytes(n));
export const saidRate = (bytesPerS: number): string => joined(rate(bytesPerS));
export const saidCount = (n: number): string => plain(n);
export const saidShare = (share: number): string => percent(share);
export const saidClock = (atMs: number): string => clockTime(atMs);
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
