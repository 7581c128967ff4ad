import { useEffect, useRef, useState } from 'preact/hooks';
import { theme } from '../frame/theme.ts';
import { language } from '../frame/words.ts';
import type { Drawn, PlotSays } from './plot-draw.ts';
import type { PlotData } from './plot-frame.ts';
import './plot.css';

type Props = {
  data: PlotData;
  /** Said to who cannot see it. */
  label: string;
  /** A value, on the axis and under the pointer. */
  said: (n: number) => string;
  saidOnAxis?: (n: number) => string;
  /** Pixels; a narrow chart (a phone) is a quarter lower. */
  height?: number;
};

const NARROW_PX = 480;

/** A chart over time. Its place is there from the start; what draws it is fetched once the rest of the page stands. */
export function Plot({ data, label, said, saidOnAxis = said, height = 250 }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn>(undefined);
  const newest = useRef({ data, saidOnAxis });
  newest.current = { data, saidOnAxis };
  const [pointed, setPointed] = useState<{ index: number; left: number; width: number }>();
  const kind = `${theme.value} ${language.value} ${data.lines.map((l) => l.label).join()}`;
  useEffect(() => {
    let isHere = true;
    const element = frame.current;
    if (!element) return;
    const size = () => ({
      width: Math.max(200, element.clientWidth),
      height: heightFor(element.clientWidth, height),
    });
    const says: PlotSays = {
      time: saidTime,
      value: (n) => newest.current.saidOnAxis(n),
      pointed: (at) => setPointed(at),
    };
    const watch = new ResizeObserver(() => {
      const now = size();
      drawn.current?.resize(now.width, now.height);
    });
    const system = matchMedia('(prefers-color-scheme: dark)');
    const draw = async () => {
      const { drawPlot } = await import('./plot-draw.ts');
      if (!isHere) return;
      drawn.current?.end();
      drawn.current = drawPlot(element, newest.current.data, size(), says);
    };
    const redraw = () => void draw();
    // One frame later, so that the figures are painted before the library is read.
    const timer = setTimeout(redraw, 60);
    watch.observe(element);
    system.addEventListener('change', redraw);
    return () => {
      isHere = false;
      clearTimeout(timer);
      watch.disconnect();
      system.removeEventListener('change', redraw);
      drawn.current?.end();
      drawn.current = undefined;
    };
  }, [kind, height]);
  useEffect(() => drawn.current?.show(data), [data]);
  const at = pointed && data.atMs[pointed.index];
  return (
    <div class="chart">
      <div
        class="chart-place"
        style={{ minHeight: `${heightFor(window.innerWidth, height)}px` }}
        role="img"
        aria-label={label}
        ref={frame}
      />
      {pointed && at !== undefined && (
        <p class={`readout ${pointed.left > pointed.width / 2 ? 'left' : 'right'}`} aria-hidden="true">
          {saidMoment(at, spanOf(data))}
          {data.lines.map((line) => {
            const value = line.values[pointed.index];
            return (
              <span key={line.label} class={line.colour.slice(2)}>
                {value === null || value === undefined ? '–' : said(value)}
              </span>
            );
          })}
        </p>
      )}
    </div>
  );
}

const heightFor = (widthPx: number, height: number) => (widthPx < NARROW_PX ? Math.round(height * 0.76) : height);
const spanOf = ({ atMs, fromMs, untilMs }: PlotData) =>
  (untilMs ?? atMs[atMs.length - 1] ?? 0) - (fromMs ?? atMs[0] ?? 0);
const HOUR_MS = 3_600_000;
/** ms. A chart of a longer time has a point for each day, not each hour. */
const HOURLY_MS = 100 * 24 * HOUR_MS;

function saidTime(atMs: number, isLong: boolean): string {
  const day: Intl.DateTimeFormatOptions = { month: 'numeric', day: 'numeric' };
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hour12: false };
  return new Date(atMs).toLocaleString(language.peek(), isLong ? day : clock);
}

function saidMoment(atMs: number, spanMs: number): string {
  const at = new Date(atMs);
  if (spanMs <= HOUR_MS) return at.toLocaleTimeString(language.value, { hour12: false });
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
  if (spanMs > HOURLY_MS) return at.toLocaleDateString(language.value, { ...day, year: 'numeric' });
  return at.toLocaleString(language.value, {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
}
