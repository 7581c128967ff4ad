import { portCounters } from '#health/counters.ts';
import { exposition } from '#stats/exposition.ts';
import { type MetricsSource, metricsOf } from '#stats/metrics.ts';
import type { Parts } from './snapshot.ts';

/** What Prometheus is told of the box. Costs no walk over the torrents. */
export function boxMetrics(p: Parts, syslogDropped: number): string {
  const { meter, stats } = p.figures;
  const { served, fresh, filled } = meter;
  const { level, shed } = p.overload.view();
  const ports = portCounters();
  const roles = [
    { name: p.config.lan, role: 'lan' },
    { name: p.config.wan, role: 'wan' },
  ];
  const source: MetricsSource = {
    version: p.version,
    startedAtMs: p.startedAtMs,
    served,
    fresh,
    filled,
    passed: p.entry?.passedBytes ?? 0,
    clients: stats.now.clients,
    splicedFlows: p.entry?.splicedFlows ?? 0,
    tasks: p.manager.size,
    torrents: p.index.size,
    isSteering: p.entry?.steering.armed ?? false,
    steeredEndpoints: p.entry?.steering.endpoints ?? 0,
    overload: level,
    shedClients: shed,
    processBytes: process.memoryUsage.rss(),
    loopDelayP99Ms: p.health.view().loopDelay.p99Ms,
    ports: roles.flatMap(({ name, role }) => {
      const counters = ports.get(name);
      return counters ? [{ name, role, ...counters }] : [];
    }),
    disks: p.store.disks(),
    syslogDropped,
  };
  return exposition(metricsOf(source));
}
