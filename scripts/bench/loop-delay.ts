/** `node --import` this: at SIGUSR2 the process writes how late its event loop was since the last time, and the processor that it took, as a JSON line to the file LOOP_DELAY. */
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let cpu = process.cpuUsage();
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  const ms = (ns: number): number => Math.round(ns / 1e4) / 100;
  const [mostMs, p99Ms] = [ms(delay.max), ms(delay.percentile(99))];
  delay.reset();
  const rssMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
  appendFileSync(
    process.env.LOOP_DELAY ?? '',
    `${JSON.stringify({ cpuS: (user + system) / 1e6, mostMs, p99Ms, rssMib })}\n`,
  );
});
