import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILT } from './lab.ts';

const path = join(BUILT, 'test/figures.jsonl');
mkdirSync(dirname(path), { recursive: true });

/** Tells what was seen, and keeps it. */
export function say(what: string, figures: Readonly<Record<string, unknown>>): void {
  const round = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 100) / 100 : value);
  const seen = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)]));
  console.log(`${what}: ${JSON.stringify(seen)}`);
  appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), what, ...seen })}\n`);
}
