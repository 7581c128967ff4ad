const LEAST_MBPS = 0.1;
const MOST_MBPS = 100_000;

/** What was typed, as a limit in Mbit/s. `wrong`: neither a number nor nothing. */
export function limitOf(text: string): { mbps?: number } | 'wrong' {
  const typed = text.trim().replace(',', '.');
  if (typed === '') return {};
  const mbps = Number(typed);
  return Number.isFinite(mbps) && mbps >= LEAST_MBPS && mbps <= MOST_MBPS ? { mbps } : 'wrong';
}
