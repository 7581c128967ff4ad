import { useMemo } from 'preact/hooks';
import type { TaskDetail } from '#admin/contract-tasks.ts';
import { saidBytes } from '../../frame/said.ts';
import { Plot } from '../../parts/plot.tsx';
import type { PlotData } from '../../parts/plot-frame.ts';
import { torrentsWords } from '../torrents/words.ts';

const HOUR_MS = 3_600_000;

/** How much was asked for, hour by hour. */
export function Heat({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  const last = task.heat[task.heat.length - 1];
  const key = `${task.heat.length} ${last?.fromMs} ${last?.servedBytes}`;
  const data = useMemo(
    (): PlotData => ({
      atMs: task.heat.map((sample) => sample.fromMs + HOUR_MS / 2),
      lines: [{ label: words.servedTotal, colour: '--lan', values: task.heat.map((s) => s.servedBytes), isBars: true }],
      fromMs: task.heat[0]?.fromMs ?? 0,
      untilMs: (last?.fromMs ?? 0) + HOUR_MS,
      leastTop: 1_000_000,
    }),
    [key, words],
  );
  return (
    <section class="panel" aria-labelledby="heat">
      <h3 id="heat" class="part-title">
        {words.heat}
      </h3>
      <div class="card pad">
        {task.heat.length < 2 ? (
          <p class="aside">{words.heatNone}</p>
        ) : (
          <>
            <p class="aside">{words.heatSays}</p>
            <Plot data={data} label={words.heatSays} said={saidBytes} height={180} />
          </>
        )}
      </div>
    </section>
  );
}
