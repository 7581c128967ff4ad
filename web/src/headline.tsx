import type { BoxSnapshot, RateSample } from '#admin/contract.ts';
import { type Amount, bytes, joined, megabits, percent, rate } from './format.ts';
import { useSpeech } from './language.ts';
import { hitShare } from './page-state.ts';
import { RateChart } from './rate-chart.tsx';

const Figure = ({ amount }: { amount: Amount }) => (
  <>
    {amount.value}
    <small>{` ${amount.unit}`}</small>
  </>
);

type Props = { snapshot: BoxSnapshot; samples: readonly RateSample[] };

/** What the box is for, in four figures and one picture. */
export function Headline({ snapshot, samples }: Props) {
  const { words, language } = useSpeech();
  const { totals, today, wan, lan, nowMs } = snapshot;
  const share = hitShare(totals);
  const said = (n: number) => joined(bytes(n, language));
  return (
    <section class="headline card" aria-labelledby="headline">
      <h2 id="headline" class="unseen">
        {words.headline}
      </h2>
      <div class="worth">
        <h3>{words.saved}</h3>
        <p class="huge" data-figure="saved">
          <Figure amount={bytes(totals.savedBytes, language)} />
        </p>
        <p class="aside">
          {totals.savedBytes > 0 ? today && words.savedToday(said(today.savedBytes)) : words.savedNone}
        </p>
        <h3>{words.hitShare}</h3>
        <p class="large" data-figure="hit-share">
          {share === undefined ? '–' : percent(share)}
        </p>
        <progress class="share" value={share ?? 0} max={1} aria-label={words.hitShare} />
        <p class="aside">{share === undefined ? words.hitShareNone : words.hitShareSays(percent(share))}</p>
        <dl class="sums">
          <div>
            <dt>{words.served}</dt>
            <dd>{said(totals.servedBytes)}</dd>
          </div>
          <div>
            <dt>{words.filled}</dt>
            <dd>{said(totals.filledBytes)}</dd>
          </div>
          <div>
            <dt>{words.passed}</dt>
            <dd>{said(totals.passedBytes)}</dd>
          </div>
        </dl>
      </div>
      <div class="rates">
        <div class="rate-figures">
          <div class="lan">
            <h3>{words.lanNow}</h3>
            <p class="large" data-figure="lan">
              <Figure amount={rate(lan.txBytesPerS, language)} />
            </p>
            <p class="aside">{megabits(lan.txBytesPerS, language)}</p>
          </div>
          <div class="wan">
            <h3>{words.wanNow}</h3>
            <p class="large" data-figure="wan">
              <Figure amount={rate(wan.rxBytesPerS, language)} />
            </p>
            <p class="aside">{megabits(wan.rxBytesPerS, language)}</p>
          </div>
        </div>
        <RateChart samples={samples} nowMs={nowMs} />
      </div>
    </section>
  );
}
