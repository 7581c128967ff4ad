import { useEffect, useRef, useState } from 'preact/hooks';
import type { RateSample } from '#admin/contract.ts';
import { CHART_MS, nearest, niceScale, paths, runs } from './chart-shape.ts';
import { clockTime, joined, rate, roundRate } from './format.ts';
import { useSpeech } from './language.ts';

/** Pixels: a phone's chart is lower, so that the torrents below it come into view. */
const LOW = 190;
const HIGH = 250;
const FLOOR = 24;

/** Five minutes of both rates: the gap between the two lines is what the box saved. */
export function RateChart({ samples, nowMs }: { samples: readonly RateSample[]; nowMs: number }) {
  const { words, language } = useSpeech();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  const [pointed, setPointed] = useState<number>();
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(Math.max(200, Math.floor(element.clientWidth))));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const seen = runs(samples, nowMs).flat();
  const { top, ticks } = niceScale(seen.reduce((most, s) => Math.max(most, s[1], s[2]), 0));
  const whole = width < 480 ? LOW : HIGH;
  const height = whole - FLOOR;
  const shape = { width, height, nowMs, top };
  const [wan, lan] = [paths(seen, 1, shape), paths(seen, 2, shape)];
  const said = (bytesPerS: number) => joined(rate(bytesPerS, language));
  const last = seen.at(-1);
  const found = pointed === undefined ? undefined : nearest(seen, nowMs, pointed);
  const x = found && width * (1 - (nowMs - found[0]) / CHART_MS);
  const point = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    setPointed((event.clientX - box.left) / box.width);
  };
  return (
    <div class="chart" ref={frame}>
      <svg
        width={width}
        height={whole}
        viewBox={`0 0 ${width} ${whole}`}
        role="img"
        aria-label={last ? words.chartSays(said(last[1]), said(last[2])) : words.chartEmpty}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      >
        {ticks.map((tick) => {
          const y = Math.max(0.5, Math.round(height * (1 - tick / top)) + 0.5);
          return (
            <g key={tick}>
              <line class="grid" x1="0" x2={width} y1={y} y2={y} />
              <text class="tick" x="0" y={y + 14}>
                {roundRate(tick)}
              </text>
            </g>
          );
        })}
        <line class="floor" x1="0" x2={width} y1={height + 0.5} y2={height + 0.5} />
        <path class="lan area" d={lan.area} />
        <path class="lan line" d={lan.line} />
        <path class="wan area" d={wan.area} />
        <path class="wan line" d={wan.line} />
        {[5, 4, 3, 2, 1].map((n) => (
          <text
            key={n}
            class="tick"
            x={width * (1 - (n * 60_000) / CHART_MS)}
            y={whole - 6}
            text-anchor={n === 5 ? 'start' : 'middle'}
          >
            {n % 2 === 1 ? words.minutesAgo(n) : ''}
          </text>
        ))}
        <text class="tick" x={width} y={whole - 6} text-anchor="end">
          {words.now}
        </text>
        {found && <line class="cursor" x1={x} x2={x} y1="0" y2={height} />}
      </svg>
      {!last && <p class="chart-empty">{words.chartEmpty}</p>}
      {found && (
        <p class={`readout ${(pointed ?? 0) > 0.5 ? 'left' : 'right'}`} aria-hidden="true">
          {clockTime(found[0], language)}
          <span class="lan">{said(found[2])}</span>
          <span class="wan">{said(found[1])}</span>
        </p>
      )}
    </div>
  );
}
