import { readFigure } from '../../parts/read-figure.ts';

const LEAST_MBPS = 0.1;
const MOST_MBPS = 100_000;

/** What was typed, as a limit in Mbit/s. `wrong`: neither a number nor nothing. */
export function limitOf(text: string): { mbps?: number } | 'wrong' {
  if (text.trim() === '') return {};
  const mbps = readFigure(text);
  return mbps !== undefined && mbps >= LEAST_MBPS && mbps <= MOST_MBPS ? { mbps } : 'wrong';
}
