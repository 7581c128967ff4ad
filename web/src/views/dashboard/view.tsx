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

/** What the box is worth, what it does now, and what it needs. */
export function View() {
  const box = snapshot.value;
  const { answer: worth } = useAsked('GET /api/worth', {}, WORTH_MS);
  if (!box) return live.value.link.kind === 'lost' ? null : <p class="connecting">{frameWords.get().connecting}</p>;
  return (
    <div class="dashboard">
      <WarningList warnings={box.warnings} />
      <Headline box={box} worth={worth} />
      <div class="now">
        <HottestList box={box} />
        <BalancePanel />
        <LatestFlows box={box} />
      </div>
      <HealthPanel box={box} />
    </div>
  );
}
