import { realClock } from '#base/clock.ts';
import { alsoTo, type Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { Entry } from '#entry/entry.ts';
import { type PortCounters, portCounters } from '#health/counters.ts';
import type { Index } from '#index/index.ts';
import type { ManagerWorld } from '#manager/manager.ts';
import { ClientHistory, type ClientHistorySettings } from '#stats/client-history.ts';
import type { Reading } from '#stats/reading.ts';
import { Stats } from '#stats/stats.ts';
import { TrafficMeter } from '#stats/traffic-meter.ts';
import { Syslog } from '#syslog/syslog.ts';

/** What the figures ask of the house. Parts that are built later are asked for when they are needed. */
export type FiguresOwn = {
  readonly lan: string;
  readonly wan: string;
  readonly index: Index;
  readonly clientHistory: ClientHistorySettings;
  entry(): Entry | undefined;
};

const LOOK_EVERY_MS = 1_000;
const WRITE_EVERY_MS = 60_000;
/** What earlier runs passed; what they gave and fetched the tasks themselves keep. */
const PASSED = 'passedBytes';

/** Figures over time and the clients' history. `traffic` is told by every task what it gives and fetches. */
export type Figures = {
  readonly traffic: NonNullable<ManagerWorld['traffic']>;
  readonly meter: Readonly<TrafficMeter>;
  readonly stats: Stats;
  readonly clientHistory: ClientHistory;
};

/** Begin it before the manager: it ends after it, with all that was given noted. */
export function startFigures(own: FiguresOwn, scope: Scope): Figures {
  const { index } = own;
  const meter = new TrafficMeter();
  const clientHistory = new ClientHistory(own.clientHistory, {
    nowMs: () => Date.now(),
    rows: index.clientDays,
    nameOf: (infoHash) => index.listing.nameOf(infoHash),
  });
  const passedBytes = (): number => own.entry()?.passedBytes ?? 0;
  const stats = new Stats({
    nowMs: () => Date.now(),
    read: (): Reading => {
      const ports = portsNow();
      const { served, fresh, filled } = meter;
      return {
        elapsedMs: performance.now(),
        wan: ports.get(own.wan),
        lan: ports.get(own.lan),
        served,
        fresh,
        filled,
        passed: passedBytes(),
        clients: own.entry()?.clients ?? 0,
      };
    },
    before: {
      served: index.total('servedBytes'),
      filled: index.total('filledBytes'),
      passed: index.total(PASSED),
    },
    add: (rows) => index.traffic.add(rows),
    between: (grid, fromS, untilS) => index.traffic.between(grid, fromS, untilS),
    sum: (grid, fromS, untilS) => index.traffic.sum(grid, fromS, untilS),
  });
  let keptPassed = 0;
  const write = (): void => {
    stats.write();
    const passed = passedBytes();
    if (passed > keptPassed && index.addTotal(PASSED, passed - keptPassed)) keptPassed = passed;
    clientHistory.write();
  };
  scope.defer(() => {
    stats.look();
    write();
  });
  scope.every(LOOK_EVERY_MS, () => stats.look());
  scope.every(WRITE_EVERY_MS, write);
  return {
    traffic: {
      served: (bytes, fresh, client, infoHash) => {
        meter.give(bytes, fresh);
        clientHistory.note(client, infoHash, bytes);
      },
      filled: (bytes) => meter.fill(bytes),
    },
    meter,
    stats,
    clientHistory,
  };
}

/** None when the kernel does not answer, as when no file can be opened: a gap in the figures, and no more. */
function portsNow(): ReadonlyMap<string, PortCounters> {
  try {
    return portCounters();
  } catch {
    return new Map();
  }
}

/** The log, whose lines go to a syslog server too once one is set. */
export function startSyslog(log: Log, scope: Scope): { readonly log: Log; readonly syslog: Syslog } {
  let told: Log = log;
  const syslog: Syslog = new Syslog(realClock, {
    info: (...line) => told.info(...line),
    warn: (...line) => told.warn(...line),
    error: (...line) => told.error(...line),
    with: (fields) => told.with(fields),
  });
  told = alsoTo(log, (line) => syslog.line(line));
  scope.defer(() => syslog.close());
  return { log: told, syslog };
}
