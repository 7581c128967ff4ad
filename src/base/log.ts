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

/** Lines on standard error: `{"at":"…","level":"…","event":"…",…}`. */
export const stderrLog = (): Log =>
  logTo(({ level, event, fields }) => {
    const line = { at: new Date().toISOString(), level, event, ...fields };
    process.stderr.write(`${JSON.stringify(line, (_, v) => clip(v))}\n`);
  });

export const silentLog: Log = logTo(() => {});
