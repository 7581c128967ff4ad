import type { Metric, Sample } from './exposition.ts';

/** What is told to Prometheus. Counters are of this process, or of the kernel; nothing is told of one client or one torrent. */
export type MetricsSource = {
  readonly version: string;
  readonly startedAtMs: number;
  readonly served: number;
  readonly fresh: number;
  readonly filled: number;
  readonly passed: number;
  readonly clients: number;
  readonly splicedFlows: number;
  /** In memory, and known at all. */
  readonly tasks: number;
  readonly torrents: number;
  readonly isSteering: boolean;
  readonly steeredEndpoints: number;
  readonly overload: 'calm' | 'busy' | 'shedding';
  readonly shedClients: number;
  readonly processBytes: number;
  readonly loopDelayP99Ms: number;
  readonly ports: readonly {
    readonly name: string;
    readonly role: string;
    readonly rxBytes: number;
    readonly txBytes: number;
    readonly errors: number;
    readonly dropped: number;
  }[];
  readonly disks: readonly {
    readonly path: string;
    readonly state: 'good' | 'failing' | 'gone';
    readonly freeBytes: number;
    readonly usableBytes: number;
    readonly errors: number;
  }[];
  readonly syslogDropped: number;
};

const one = (value: number): Sample[] => [{ value }];
const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `swarmbox_${name}_total`,
  type: 'counter',
  help,
  samples,
});
const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `swarmbox_${name}`,
  type: 'gauge',
  help,
  samples,
});

export function metricsOf(s: MetricsSource): Metric[] {
  return [
    gauge('build_info', 'Always 1; the label says which Swarmbox runs.', [
      { value: 1, labels: { version: s.version } },
    ]),
    gauge('start_time_seconds', 'When the daemon began, in Unix time.', one(s.startedAtMs / 1000)),
    ...trafficMetrics(s),
    gauge('clients', 'Connections with clients.', one(s.clients)),
    gauge('spliced_flows', 'Flows that are carried through unread.', one(s.splicedFlows)),
    gauge('tasks', 'Torrents in memory.', one(s.tasks)),
    gauge('torrents', 'Torrents that are known.', one(s.torrents)),
    gauge('steering', '1 while flows are steered; 0: the box is a plain wire.', one(s.isSteering ? 1 : 0)),
    gauge('steered_endpoints', 'Endpoints to which flows are steered.', one(s.steeredEndpoints)),
    gauge(
      'overload',
      '1 for how much the box bears just now: calm, busy (new flows pass), shedding (clients are let go).',
      (['calm', 'busy', 'shedding'] as const).map((level) => ({
        value: level === s.overload ? 1 : 0,
        labels: { level },
      })),
    ),
    counter('shed_clients', 'Clients let go because of overload.', one(s.shedClients)),
    gauge('process_resident_bytes', 'Memory of the daemon.', one(s.processBytes)),
    gauge(
      'loop_delay_seconds',
      'How late the event loop was in the last minute, 99th percentile.',
      one(s.loopDelayP99Ms / 1000),
    ),
    ...portMetrics(s.ports),
    ...diskMetrics(s.disks),
    counter('syslog_dropped', 'Lines that the syslog server did not take in time.', one(s.syslogDropped)),
  ];
}

function trafficMetrics(s: MetricsSource): Metric[] {
  return [
    counter('served_bytes', 'Given to clients from verified pieces.', one(s.served)),
    counter('fresh_bytes', 'Of what was given, what was fetched for it; the rest had been here.', one(s.fresh)),
    counter('filled_bytes', 'Fetched from outside.', one(s.filled)),
    counter('passed_bytes', 'Spliced through unread, both ways.', one(s.passed)),
  ];
}

function portMetrics(ports: MetricsSource['ports']): Metric[] {
  const each = (value: (port: MetricsSource['ports'][number]) => number): Sample[] =>
    ports.map((port) => ({ value: value(port), labels: { port: port.name, role: port.role } }));
  return [
    counter(
      'port_receive_bytes',
      'In at the port, as the kernel counted.',
      each((p) => p.rxBytes),
    ),
    counter(
      'port_transmit_bytes',
      'Out at the port, as the kernel counted.',
      each((p) => p.txBytes),
    ),
    counter(
      'port_errors',
      'Frames received or sent in error.',
      each((p) => p.errors),
    ),
    counter(
      'port_dropped',
      'Frames that the kernel dropped.',
      each((p) => p.dropped),
    ),
  ];
}

function diskMetrics(disks: MetricsSource['disks']): Metric[] {
  const each = (value: (disk: MetricsSource['disks'][number]) => number): Sample[] =>
    disks.map((disk) => ({ value: value(disk), labels: { disk: disk.path } }));
  return [
    gauge(
      'disk_up',
      '1: in order. 0: it gave errors, or does not answer.',
      each((d) => (d.state === 'good' ? 1 : 0)),
    ),
    gauge(
      'disk_free_bytes',
      'Room for more.',
      each((d) => d.freeBytes),
    ),
    gauge(
      'disk_usable_bytes',
      'Room when nothing lies there.',
      each((d) => d.usableBytes),
    ),
    counter(
      'disk_errors',
      'Reads and writes that failed.',
      each((d) => d.errors),
    ),
  ];
}
