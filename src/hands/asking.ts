import { connect } from 'node:net';
import { errorText } from '#base/errors.ts';
import { type CommandLimits, type CommandResult, runCommand } from '#kernel/command.ts';
import type { RunCommand } from '#machine/programs.ts';
import { HANDS_LIMITS } from './limits.ts';
import { workOf } from './verbs.ts';

/** Where root's hands are. */
export type HandsAt = {
  readonly socketPath: string;
  /** Root's folder in which disks are mounted. */
  readonly mountsDir: string;
};

/** As the service manager says it; undefined: the daemon does everything itself. */
export function handsIn(env: Readonly<Record<string, string | undefined>>): HandsAt | undefined {
  const { SWARMBOX_HANDS: socketPath, SWARMBOX_MOUNTS: mountsDir } = env;
  return socketPath && mountsDir ? { socketPath, mountsDir } : undefined;
}

/** What only root may is asked of its hands; everything else is run as ever. */
export const throughHands =
  ({ socketPath, mountsDir }: HandsAt): RunCommand =>
  (program, args, limits, signal) =>
    workOf(program, args, mountsDir)
      ? { result: ask(socketPath, program, args, limits, signal) }
      : runCommand(program, args, limits, signal);

async function ask(
  path: string,
  program: string,
  args: readonly string[],
  { timeoutMs, outputBytes }: CommandLimits,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const socket = connect({ path });
  const timer = setTimeout(() => resolve({ kind: 'late' }), timeoutMs);
  const onAbort = (): void => resolve({ kind: 'failed', why: 'the box stops' });
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const parts: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
    parts.push(part);
    if (bytes > HANDS_LIMITS.answerBytes) resolve({ kind: 'cut' });
  });
  socket.on('error', (error) => resolve({ kind: 'failed', why: `root’s hands: ${errorText(error)}` }));
  socket.on('close', () => resolve(answerIn(Buffer.concat(parts).toString('utf8'), outputBytes)));
  socket.write(`${JSON.stringify({ program, args })}\n`);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // Whoever is still at it ends.
    socket.destroy();
  }
}

function answerIn(text: string, outputBytes: number): CommandResult {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return { kind: 'failed', why: 'root’s hands gave no answer' };
  }
  const { kind, status, output, why } = (said ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === 'late' || kind === 'cut') return { kind };
  if (kind !== 'ended' || typeof status !== 'number' || typeof output !== 'string')
    return { kind: 'failed', why: typeof why === 'string' ? why : 'root’s hands gave no answer' };
  return output.length > outputBytes ? { kind: 'cut' } : { kind, status, output };
}
