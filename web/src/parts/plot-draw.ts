import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { niceScale, type PlotData, timeTicks } from './plot-frame.ts';

/** Fetched after the first figures are on the page: the library is half of all code. */
export type PlotSays = {
  /** Below the axis. `isLong`: the chart shows more than a day. */
  time(atMs: number, isLong: boolean): string;
  /** Beside a line of the grid. */
  value(n: number): string;
  /** What lies under the pointer; undefined: nothing. */
  pointed(at: { index: number; left: number; width: number } | undefined): void;
};
export type Drawn = {
  show(data: PlotData): void;
  resize(width: number, height: number): void;
  end(): void;
};

/** Pixels between two times below the axis. */
const TIME_PX = 76;

export function drawPlot(
  element: HTMLElement,
  first: PlotData,
  size: { width: number; height: number },
  says: PlotSays,
): Drawn {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const [soft, line] = [colour('--soft'), colour('--line')];
  const font = `12px ${style.fontFamily}`;
  let now = first;
  const range = (): [number, number] => {
    const { atMs, fromMs, untilMs } = now;
    return [(fromMs ?? atMs[0] ?? 0) / 1000, (untilMs ?? atMs[atMs.length - 1] ?? 1) / 1000];
  };
  const scale = () => {
    let most = 0;
    for (const { values } of now.lines) for (const v of values) if (v !== null && v > most) most = v;
    return niceScale(most, now.leastTop);
  };
  const plot = new uPlot(
    {
      ...size,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: false, range }, y: { range: () => [0, scale().top] } },
      axes: [
        {
          stroke: soft,
          font,
          size: 26,
          gap: 4,
          grid: { show: false },
          ticks: { show: false },
          border: { show: true, stroke: soft, width: 0.5 },
          splits: (u, _axis, min, max) =>
            timeTicks(min * 1000, max * 1000, Math.max(2, u.width / TIME_PX)).map((ms) => ms / 1000),
          values: (_, splits) => splits.map((s) => says.time(s * 1000, range()[1] - range()[0] > 90_000)),
        },
        {
          stroke: soft,
          font,
          size: 74,
          gap: 6,
          grid: { stroke: line, width: 1, dash: [2, 4] },
          ticks: { show: false },
          splits: () => [0, ...scale().ticks],
          values: (_, splits) => splits.map((v) => (v === 0 ? '' : says.value(v))),
        },
      ],
      series: [
        {},
        ...first.lines.map(
          (of): uPlot.Series => ({
            label: of.label,
            stroke: colour(of.colour),
            fill: of.isBars ? colour(of.colour) : colour(`${of.colour}-wash`),
            width: of.isBars ? 0 : 2,
            points: { show: false },
            ...(of.isBars && uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.7, 40] }) }),
          }),
        ),
      ],
      hooks: {
        setCursor: [
          (u) => {
            const { idx, left = -1 } = u.cursor;
            says.pointed(idx == null || left < 0 ? undefined : { index: idx, left, width: u.over.clientWidth });
          },
        ],
      },
    },
    dataOf(first),
    element,
  );
  return {
    show(data) {
      now = data;
      plot.setData(dataOf(data));
    },
    resize: (width, height) => plot.setSize({ width, height }),
    end: () => plot.destroy(),
  };
}

const dataOf = ({ atMs, lines }: PlotData): uPlot.AlignedData => [
  atMs.map((ms) => ms / 1000),
  ...lines.map(({ values }) => [...values]),
];
