import { useEffect, useState } from 'preact/hooks';
import { frameWords } from '../../frame/frame-words.ts';
import { live, snapshot } from '../../frame/live-box.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { BalancePanel } from './balance-panel.tsx';
import './dashboard.css';
import { Headline } from './headline.tsx';
import { HealthPanel } from './health-panel.tsx';
import { HottestList } from './hottest-list.tsx';
import { LatestFlows } from './latest-flows.tsx';
import { WarningList } from './warning-list.tsx';

const WORTH_MS = 20_000;
const ALL_PARTS = 3;
/** ms. An effect runs once its frame was painted; this leaves room for what waits meanwhile. */
const AFTER_PAINT_MS = 1;

/** What the box is worth, what it does now, and what it needs. */
export function View() {
  const box = snapshot.value;
  const parts = usePartsByAndBy(box !== undefined);
  const { answer: worth } = useAsked('GET /api/worth', {}, WORTH_MS);
  if (!box) return live.value.link.kind === 'lost' ? null : <p class="connecting">{frameWords.get().connecting}</p>;
  return (
    <div class="dashboard">
      <WarningList warnings={box.warnings} />
      <Headline box={box} worth={worth} />
      {parts > 0 && (
        <div class="now">
          <HottestList box={box} />
          {parts > 2 && <BalancePanel />}
          {parts > 2 && <LatestFlows box={box} />}
        </div>
      )}
      {parts > 1 && <HealthPanel box={box} />}
    </div>
  );
}

/** How many parts stand below the headline: one more each time what is there was painted. An old PC shows the figures long before it has drawn all. */
function usePartsByAndBy(isBegun: boolean): number {
  const [parts, setParts] = useState(0);
  useEffect(() => {
    if (!isBegun || parts >= ALL_PARTS) return;
    // A page that is not looked at has no frames.
    const timer = setTimeout(() => setParts(parts + 1), AFTER_PAINT_MS);
    return () => clearTimeout(timer);
  }, [isBegun, parts]);
  return parts;
}
