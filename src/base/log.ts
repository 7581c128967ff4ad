/** One JSON line per event worth a person's time; never one per block. */

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with fields that every line carries. */
  with(fields: LogFields): Log;
};

export type LogLine = { level: 'info' | 'warn' | 'error'; event: string; fields: LogFields };

/** Longest text a stranger can put into one field. */
const FIELD_CHARS = 500;

const clip = (value: unknown): unknown =>
  typeof value === 'string' && value.length > FIELD_CHARS ? `${value.slice(0, FIELD_CHARS)}…` : value;

export function logTo(write: (line: LogLine) => void, always: LogFields = {}): Log {
  const at =
    (level: LogLine['level']) =>
    (event: string, fields: LogFields = {}): void =>
      write({ level, event, fields: { ...always, ...fields } });
  return {
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => logTo(write, { ...always, ...fields }),
  };
}

/** The same log, whose lines come to `write` as well, with the fields that they are given from here on. */
export function alsoTo(log: Log, write: (line: LogLine) => void, always: LogFields = {}): Log {
  const at =
    (level: LogLine['level']) =>
    (event: string, fields: LogFields = {}): void => {
      log[level](event, fields);
      write({ level, event, fields: { ...always, ...fields } });
    };
  return {
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => alsoTo(log.with(fields), write, { ...always, ...fields }),
  };
}

/** Lines of one event in one window: what a crowd can make happen must not fill a disk. */
export const LOG_BUDGET = { lines: 100, windowMs: 10_000, events: 1_000 } as const;

/** Passes on so many lines of each event in a window; the first of the next window says how many were left out. */
export function budgeted(write: (line: LogLine) => void, nowMs: () => number = Date.now): (line: LogLine) => void {
  const spent = new Map<string, { sinceMs: number; lines: number }>();
  return (line) => {
    const at = nowMs();
    const known = spent.get(line.event);
    if (known && at - known.sinceMs < LOG_BUDGET.windowMs) {
      if (++known.lines <= LOG_BUDGET.lines) write(line);
      return;
    }
    const omitted = Math.max(0, (known?.lines ?? 0) - LOG_BUDGET.lines);
    if (!known && spent.size >= LOG_BUDGET.events) spent.clear();
    spent.set(line.event, { sinceMs: at, lines: 1 });
    write(omitted > 0 ? { ...line, fields: { ...line.fields, omitted } } : line);
  };
}

/** Lines on standard error: `{"at":"…","level":"…","event":"…",…}`. */
export const stderrLog = (): Log =>
  logTo(
    budgeted(({ level, event, fields }) => {
      const line = { at: new Date().toISOString(), level, event, ...fields };
      process.stderr.write(`${JSON.stringify(line, (_, v) => clip(v))}\n`);
    }),
  );

export const silentLog: Log = logTo(() => {});
