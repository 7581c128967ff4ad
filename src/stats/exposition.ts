/** One figure of several, each with its labels. */
export type Sample = { readonly value: number; readonly labels?: Readonly<Record<string, string>> };
export type Metric = {
  /** Letters, digits and underscores; a counter's ends with `_total`, and the unit stands before that. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
};

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** So long may the text be: a scraper's time-out, and the box's patience, end somewhere. */
export const EXPOSITION_LIMITS = { bytes: 256 * 1024, labelChars: 256, samples: 256 } as const;

/**
 * Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): of each metric its HELP, its TYPE and its samples, together.
 * A metric without a sample, or beyond the limit, is left out whole.
 */
export function exposition(metrics: readonly Metric[]): string {
  let text = '';
  let bytes = 0;
  for (const { name, type, help, samples } of metrics) {
    const lines = samples.slice(0, EXPOSITION_LIMITS.samples).filter(({ value }) => !Number.isNaN(value));
    if (lines.length === 0) continue;
    const said = `# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${type}\n${lines.map((s) => line(name, s)).join('')}`;
    bytes += Buffer.byteLength(said);
    if (bytes > EXPOSITION_LIMITS.bytes) break;
    text += said;
  }
  return text;
}

function line(name: string, { value, labels = {} }: Sample): string {
  const inside = Object.entries(labels).map(([label, text]) => `${label}="${labelText(text)}"`);
  return `${name}${inside.length > 0 ? `{${inside.join(',')}}` : ''} ${number(value)}\n`;
}

const helpText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** Of a path or a name that a person chose: any UTF-8, cut. */
const labelText = (text: string): string =>
  text
    .slice(0, EXPOSITION_LIMITS.labelChars)
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n');

/** As Go's ParseFloat reads it. */
const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
