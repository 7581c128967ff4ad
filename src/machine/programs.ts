import { type Command, type CommandLimits, type CommandResult, runCommand } from '#kernel/command.ts';
import { MACHINE_LIMITS } from './limits.ts';

/** `why`: what it said, in one line, when it did not end well. */
export type Ran = { readonly ok: true; readonly output: string } | { readonly ok: false; readonly why: string };

/** Runs a program of the machine by name: the only way of this folder to change anything outside files. */
export type Run = (
  program: string,
  args: readonly string[],
  how?: { readonly timeoutMs?: number; readonly alsoStatus?: readonly number[]; readonly signal?: AbortSignal },
) => Promise<Ran>;

/** See `runCommand`. */
export type RunCommand = (
  file: string,
  args: readonly string[],
  limits: CommandLimits,
  signal: AbortSignal,
) => Pick<Command, 'result'>;

/** The real programs. Whatever still runs when the signal aborts is killed. `start`: by whom they are started. */
export const machinePrograms =
  (signal: AbortSignal, start: RunCommand = runCommand): Run =>
  async (program, args, { timeoutMs = MACHINE_LIMITS.changeMs, alsoStatus = [], signal: own } = {}) => {
    const limits = { timeoutMs, outputBytes: MACHINE_LIMITS.outputBytes, withErrors: true };
    const both = own ? AbortSignal.any([signal, own]) : signal;
    return ranOf(program, await start(program, args, limits, both).result, alsoStatus);
  };

function ranOf(program: string, result: CommandResult, alsoStatus: readonly number[]): Ran {
  switch (result.kind) {
    case 'ended':
      if (result.status === 0 || alsoStatus.includes(result.status)) return { ok: true, output: result.output };
      return { ok: false, why: `${program}: ${oneLine(result.output) || `ended with ${result.status}`}` };
    case 'late':
      return { ok: false, why: `${program} took too long` };
    case 'cut':
      return { ok: false, why: `${program} said too much` };
    case 'failed':
      return { ok: false, why: `${program}: ${result.why}` };
  }
}

const LINE_CHARS = 300;

/** Latin-1 as it came: what a disk is called may be anything. */
const oneLine = (text: string): string =>
  Buffer.from(text, 'latin1')
    .toString('utf8')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, LINE_CHARS);
