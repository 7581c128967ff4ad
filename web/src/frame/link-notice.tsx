import { useEffect, useState } from 'preact/hooks';
import { frameWords } from './frame-words.ts';
import { live, retryNow, snapshot } from './live-box.ts';
import { saidClock } from './said.ts';

/** Says that the figures are old, since when, and when the page tries again. */
export function LinkNotice() {
  const words = frameWords.get();
  const { link } = live.value;
  const shownAtMs = snapshot.value?.nowMs;
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
          <b>{shownAtMs === undefined ? words.lostEarly : words.lost(saidClock(shownAtMs))}</b>
          <span aria-live="off">
            {link.retryAtMs === undefined
              ? words.retrying
              : words.retryIn(Math.max(1, Math.ceil((link.retryAtMs - nowMs) / 1000)))}
          </span>
          <button type="button" onClick={retryNow}>
            {words.retryNow}
          </button>
        </div>
      )}
    </div>
  );
}
