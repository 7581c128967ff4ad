import { LIMITS } from './limits.ts';

/** What became of a flow or an endpoint, in words for the operator. */
export type Verdict = {
  readonly atMs: number;
  readonly client: string | undefined;
  readonly endpoint: string;
  readonly infoHash: string | undefined;
  readonly verdict: 'learned' | 'steered' | 'passed' | 'spliced' | 'refused';
  readonly why: string;
};

/** The last verdicts, newest first. */
export class Verdicts {
  readonly #list: Verdict[] = [];

  add(verdict: Verdict): void {
    this.#list.unshift(verdict);
    if (this.#list.length > LIMITS.recentVerdicts) this.#list.pop();
  }

  recent(): readonly Verdict[] {
    return this.#list;
  }
}
