import { useEffect, useState } from 'preact/hooks';
import { clockTime } from './format.ts';
import { useSpeech } from './language.ts';
import type { Link } from './page-state.ts';

type Props = { link: Link; shownAtMs: number | undefined; onRetry: () => void };

/** Says that the figures are old, since when, and when the page tries again. */
export function LinkNotice({ link, shownAtMs, onRetry }: Props) {
  const { words, language } = useSpeech();
  const [nowMs, setNowMs] = useState(Date.now);
  const lost = link.kind === 'lost';
  useEffect(() => {
    if (!lost) return;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [lost]);
  // The region stands in the page from the start: only then do screen readers speak what is put into it.
  return (
    <div class="notice" role="status">
      {lost && (
        <div class="notice-text">
          <b>{shownAtMs === undefined ? words.lostEarly : words.lost(clockTime(shownAtMs, language))}</b>
          <span aria-live="off">
            {link.retryAtMs === undefined
              ? words.retrying
              : words.retryIn(Math.max(1, Math.ceil((link.retryAtMs - nowMs) / 1000)))}
          </span>
          <button type="button" onClick={onRetry}>
            {words.retryNow}
          </button>
        </div>
      )}
    </div>
  );
}
