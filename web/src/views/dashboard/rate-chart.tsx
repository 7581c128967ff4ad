import { useMemo, useState } from 'preact/hooks';
import type { BoxSnapshot } from '#admin/contract.ts';
import type { Series, Span } from '#admin/contract-figures.ts';
import { roundRate } from '../../frame/format.ts';
import { live } from '../../frame/live-box.ts';
import { saidRate } from '../../frame/said.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { Choice } from '../../parts/choice.tsx';
import { Plot } from '../../parts/plot.tsx';
import type { PlotData } from '../../parts/plot-frame.ts';
import { fromSamples, fromSeries } from './rate-data.ts';
import { dashboardWords } from './words.ts';

const SPANS: readonly Span[] = ['minutes', 'day', 'month', 'year'];
/** ms between two looks at a chart that changes slowly. */
const EVERY_MS: Record<Span, number> = { minutes: 0, day: 60_000, month: 600_000, year: 3_600_000 };

/** Both rates: the gap between the two lines is what the box saved. */
export function RateChart({ box }: { box: BoxSnapshot }) {
  const words = dashboardWords.get();
  const [span, setSpan] = useState<Span>('minutes');
  const said = words.chartSays(saidRate(box.wan.rxBytesPerS), saidRate(box.lan.txBytesPerS));
  return (
    <>
      <Choice
        label={words.span}
        value={span}
        onChoose={setSpan}
        options={SPANS.map((value) => ({ value, text: words.spans[value] }))}
      />
      {span === 'minutes' ? (
        <Minutes box={box} label={said} />
      ) : (
        <Longer key={span} span={span} box={box} label={said} />
      )}
    </>
  );
}

const axis = (n: number) => roundRate(n);

function Minutes({ box, label }: { box: BoxSnapshot; label: string }) {
  const { samples } = live.value;
  const data = useMemo(() => named(fromSamples(samples, box.nowMs)), [samples, box.nowMs]);
  return (
    <>
      <Plot data={data} label={label} said={saidRate} saidOnAxis={axis} />
      {samples.length < 2 && <p class="chart-empty">{dashboardWords.get().chartEmpty}</p>}
    </>
  );
}

const NONE: Series = {
  stepMs: 1,
  atMs: [],
  wanRx: [],
  wanTx: [],
  lanRx: [],
  lanTx: [],
  served: [],
  filled: [],
  passed: [],
  fresh: [],
  clients: [],
};

function Longer({ span, box, label }: { span: Span; box: BoxSnapshot; label: string }) {
  const { answer = NONE } = useAsked('GET /api/series', { query: { span } }, EVERY_MS[span]);
  // The last point is of now; it moves with the live figures, but no more often than would be seen.
  const nowMs = Math.floor(box.nowMs / 5000) * 5000;
  const data = useMemo(
    () => named(fromSeries(answer, { atMs: nowMs, wan: box.wan.rxBytesPerS, lan: box.lan.txBytesPerS })),
    [answer, nowMs],
  );
  return <Plot data={data} label={label} said={saidRate} saidOnAxis={axis} />;
}

function named({ atMs, wan, lan, fromMs, untilMs }: ReturnType<typeof fromSamples>): PlotData {
  const words = dashboardWords.get();
  return {
    atMs,
    fromMs,
    untilMs,
    lines: [
      { label: words.lan, colour: '--lan', values: lan },
      { label: words.wan, colour: '--wan', values: wan },
    ],
  };
}
