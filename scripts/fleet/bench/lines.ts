/** How the bench's processes talk: a line of JSON is asked on standard input, and one is answered on standard output. */
import { createInterface } from 'node:readline';

export type Asked = { readonly what: string } & Readonly<Record<string, unknown>>;
export type Answer = Readonly<Record<string, unknown>>;

/** Answers until standard input ends, which it does with the bench: then this process ends too. */
export async function answering(
  commands: Readonly<Record<string, (asked: Asked) => Promise<Answer | undefined>>>,
): Promise<never> {
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line) as Asked;
    let answer: Answer;
    try {
      const command = commands[asked.what];
      if (!command) throw new Error(`bug: ${asked.what} is not known`);
      answer = (await command(asked)) ?? {};
    } catch (error) {
      console.error(error);
      answer = { trouble: (error as Error).message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}

/** When each node of this process had which file. */
export class Arrivals {
  readonly #of = new Map<string, { readonly atMs: Map<number, number>; wake: () => void }>();

  /** Milliseconds, Unix time: the clock that all processes of the machine share. */
  arrived(file: string, node: number, atMs = Date.now()): void {
    const known = this.#known(file);
    if (!known.atMs.has(node)) known.atMs.set(node, atMs);
    known.wake();
  }

  /** Resolves when so many nodes have it. */
  async all(file: string, nodes: number): Promise<number[]> {
    const known = this.#known(file);
    while (known.atMs.size < nodes)
      await new Promise<void>((resolve) => {
        known.wake = resolve;
      });
    this.#of.delete(file);
    return [...known.atMs.values()];
  }

  #known(file: string) {
    const known = this.#of.get(file) ?? { atMs: new Map<number, number>(), wake: () => {} };
    this.#of.set(file, known);
    return known;
  }
}
