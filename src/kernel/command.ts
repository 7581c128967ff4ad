import { spawn } from 'node:child_process';
import { errorText } from '#base/errors.ts';

/** `late`, `cut`: it took too long or said too much, and was killed. `failed`: it could not be started, or a signal ended it. */
export type CommandResult =
  | { kind: 'ended'; status: number; output: string }
  | { kind: 'late' }
  | { kind: 'cut' }
  | { kind: 'failed'; why: string };

/** `ended`: there is no process any more. A killed one that waits for a dead disk ends later than its result is known. */
export type Command = { readonly result: Promise<CommandResult>; readonly ended: Promise<void> };

/** `withErrors`: what it says on its standard error is part of the output. `keepsEnd`: of a longer output the end is kept, and nothing is killed for it. */
export type CommandLimits = {
  readonly timeoutMs: number;
  readonly outputBytes: number;
  readonly withErrors?: boolean;
  readonly keepsEnd?: boolean;
};

/**
 * Runs a program without a shell, with nothing on its standard input and its standard output read, as Latin-1. It has a process group
 * of its own, so that whatever it starts is killed with it. Starting one stops the event loop for as long as fork(2) takes: some 3 ms for
 * every 100 MB of this process. So nothing that happens often may do it.
 */
export function runCommand(file: string, args: readonly string[], limits: CommandLimits, signal: AbortSignal): Command {
  const result = Promise.withResolvers<CommandResult>();
  const ended = Promise.withResolvers<void>();
  try {
    signal.throwIfAborted();
    watch(start(file, args, limits.withErrors ?? false), limits, signal, result.resolve, ended.resolve);
  } catch (error) {
    result.resolve({ kind: 'failed', why: errorText(error) });
    ended.resolve();
  }
  return { result: result.promise, ended: ended.promise };
}

const start = (file: string, args: readonly string[], withErrors: boolean) =>
  spawn(file, args, {
    cwd: '/',
    env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'pipe', withErrors ? 'pipe' : 'ignore'],
    detached: true,
  });

function watch(
  child: ReturnType<typeof start>,
  limits: CommandLimits,
  signal: AbortSignal,
  resolve: (result: CommandResult) => void,
  ended: () => void,
): void {
  const kill = (why: CommandResult): void => {
    resolve(why);
    child.stdout?.destroy();
    child.stderr?.destroy();
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setTimeout(() => kill({ kind: 'late' }), limits.timeoutMs);
  const onAbort = () => kill({ kind: 'failed', why: 'the box stops' });
  signal.addEventListener('abort', onAbort);
  const over = (result: CommandResult): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    resolve(result);
    ended();
  };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.outputBytes && !limits.keepsEnd) kill({ kind: 'cut' });
      else chunks.push(chunk);
      for (let [first] = chunks; first && bytes - first.length >= limits.outputBytes; [first] = chunks) {
        bytes -= first.length;
        chunks.shift();
      }
    });
    stream?.on('error', () => {});
  }
  child.on('error', (error) => over({ kind: 'failed', why: errorText(error) }));
  child.on('close', (status, by) =>
    over(
      status === null
        ? { kind: 'failed', why: `ended by ${by}` }
        : { kind: 'ended', status, output: Buffer.concat(chunks).subarray(-limits.outputBytes).toString('latin1') },
    ),
  );
}
