import type { BoxSnapshot, Totals } from '#admin/contract.ts';
import type { Worth } from '#admin/contract-figures.ts';
import { bytes, megabits, percent, rate } from '../../frame/format.ts';
import { hitShare } from '../../frame/page-state.ts';
import { saidBytes } from '../../frame/said.ts';
import { AmountShown } from '../../parts/amount.tsx';
import { RateChart } from './rate-chart.tsx';
import { dashboardWords } from './words.ts';

/** What the box is for, in four figures and one picture. */
export function Headline({ box, worth }: { box: BoxSnapshot; worth: Worth | undefined }) {
  const words = dashboardWords.get();
  const { wan, lan } = box;
  return (
    <section class="headline card" aria-labelledby="headline">
      <h2 id="headline" class="unseen">
        {words.headline}
      </h2>
      <WorthPart box={box} worth={worth} />
      <div class="rates">
        <div class="rate-figures">
          <div class="lan">
            <h3>{words.lanNow}</h3>
            <p class="large" data-figure="lan">
              <AmountShown amount={rate(lan.txBytesPerS)} />
            </p>
            <p class="aside">{megabits(lan.txBytesPerS)}</p>
          </div>
          <div class="wan">
            <h3>{words.wanNow}</h3>
            <p class="large" data-figure="wan">
              <AmountShown amount={rate(wan.rxBytesPerS)} />
            </p>
            <p class="aside">{megabits(wan.rxBytesPerS)}</p>
          </div>
        </div>
        <RateChart box={box} />
      </div>
    </section>
  );
}

function WorthPart({ box, worth }: { box: BoxSnapshot; worth: Worth | undefined }) {
  const words = dashboardWords.get();
  const { totals, today } = box;
  const share = hitShare(totals);
  return (
    <div class="worth">
      <h3>{words.saved}</h3>
      <p class="huge" data-figure="saved">
        <AmountShown amount={bytes(totals.savedBytes)} />
      </p>
      <p class="aside">{savedSays(totals, worth?.today ?? today, worth?.month)}</p>
      <h3>{words.hitShare}</h3>
      <p class="large" data-figure="hit-share">
        {share === undefined ? '–' : percent(share)}
      </p>
      <progress class="share" value={share ?? 0} max={1} aria-label={words.hitShare} />
      <p class="aside">{share === undefined ? words.hitShareNone : words.hitShareSays(percent(share))}</p>
      {worth?.hitRateToday !== undefined && (
        <p class="aside hits">
          <span>{`${words.hitToday} ${percent(worth.hitRateToday)}`}</span>
          {worth.hitRateMonth !== undefined && <span>{`${words.hitMonth} ${percent(worth.hitRateMonth)}`}</span>}
        </p>
      )}
      <dl class="sums">
        <div>
          <dt>{words.served}</dt>
          <dd>{saidBytes(totals.servedBytes)}</dd>
        </div>
        <div>
          <dt>{words.filled}</dt>
          <dd>{saidBytes(totals.filledBytes)}</dd>
        </div>
        <div>
          <dt>{words.passed}</dt>
          <dd>{saidBytes(totals.passedBytes)}</dd>
        </div>
      </dl>
    </div>
  );
}

function savedSays(all: Totals, today: Totals | undefined, month: Totals | undefined): string {
  const words = dashboardWords.get();
  if (all.savedBytes <= 0) return words.savedNone;
  if (!today) return '';
  const said = saidBytes(today.savedBytes);
  return month ? words.savedTodayMonth(said, saidBytes(month.savedBytes)) : words.savedToday(said);
}
