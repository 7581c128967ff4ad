import { useEffect, useRef } from 'preact/hooks';

/** Least ms between two questions that the feed brings about, however often it says that something is new. */
const LEAST_MS = 2000;

/** Asks again once the feed's number is another one, and not more often than every two seconds. */
export function useAgain(rev: number | undefined, again: () => void): void {
  const asked = useRef<{ rev: number | undefined; atMs: number }>({ rev, atMs: Date.now() });
  const ask = useRef(again);
  ask.current = again;
  useEffect(() => {
    if (rev === undefined || asked.current.rev === rev) return;
    // The first number is of the time of the first answer.
    if (asked.current.rev === undefined) {
      asked.current.rev = rev;
      return;
    }
    const timer = setTimeout(
      () => {
        asked.current = { rev, atMs: Date.now() };
        ask.current();
      },
      Math.max(0, asked.current.atMs + LEAST_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [rev]);
}
