/** One line that keeps changing on a terminal; elsewhere a line now and then. */
import type { Progress } from './clients/client.ts';

const TERMINAL_MS = 500;
const SPARSE_MS = 10_000;

const BAR_CELLS = 24;

export function progressText(label: string, p: Progress, seconds: number): string {
  const full = Math.round(Math.min(1, Math.max(0, p.fraction)) * BAR_CELLS);
  const bar = '#'.repeat(full).padEnd(BAR_CELLS, '.');
  const percent = (p.fraction * 100).toFixed(0).padStart(3);
  return `${label}  [${bar}] ${percent} %  ${(p.rateBytesPerS / 1e6).toFixed(2).padStart(6)} MB/s  ${seconds.toFixed(0)} s`;
}

export class ProgressLine {
  readonly #timer: NodeJS.Timeout;
  readonly #terminal: boolean;
  readonly #begin = performance.now();

  constructor(label: string, look: () => Progress, out: NodeJS.WriteStream = process.stdout) {
    this.#terminal = out.isTTY === true;
    const show = () => {
      const text = progressText(label, look(), (performance.now() - this.#begin) / 1000);
      out.write(this.#terminal ? `\r\x1b[K${text}` : `${text}\n`);
    };
    this.#timer = setInterval(show, this.#terminal ? TERMINAL_MS : SPARSE_MS);
  }

  /** Clears the line: what is printed next stands in its place. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#terminal) process.stdout.write('\r\x1b[K');
  }
}
