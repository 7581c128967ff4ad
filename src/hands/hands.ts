import { lstat, rename, rm, symlink } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { CommandResult } from '#kernel/command.ts';
import { syncFolder } from '#machine/kept-file.ts';
import { MACHINE_LIMITS } from '#machine/limits.ts';
import { machinePrograms, type RunCommand } from '#machine/programs.ts';
import { refusalOf } from './checks.ts';
import { HANDS_LIMITS } from './limits.ts';
import { type Work, workOf } from './verbs.ts';

export type HandsWorld = {
  readonly start: RunCommand;
  readonly log: Log;
  /** Root's folder in which disks are mounted. */
  readonly mountsDir: string;
  readonly zoneinfo: string;
  /** Where `/etc` is read-only, and `/etc/localtime` leads here: the link that is the machine's zone. Undefined: systemd-timedated has it in `/etc`. */
  readonly zoneLink?: string | undefined;
  readonly leastBytes?: number | undefined;
  /** Whom a disk that was mounted belongs to. */
  owner(): Promise<{ readonly uid: number; readonly gid: number }>;
};

const TIMEOUT_MS: Readonly<Record<Work['kind'], number>> = {
  plain: MACHINE_LIMITS.changeMs,
  zone: MACHINE_LIMITS.changeMs,
  look: MACHINE_LIMITS.lookMs,
  format: MACHINE_LIMITS.formatMs,
  mount: MACHINE_LIMITS.changeMs,
  unmount: MACHINE_LIMITS.changeMs,
};

/**
 * Root's hands: does for the daemon, which is no root, what only root may, and nothing else. One line of JSON comes (`{"program": ..., "args": [...]}`), and a CommandResult goes back.
 * Invariant: a program is run only when all its words are on the list, and what must hold of the machine holds just before. Disks are changed one at a time.
 */
export class Hands {
  readonly #world: HandsWorld;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: HandsWorld) {
    this.#world = world;
  }

  /** Ends when the answer was sent, or whoever asked has gone. */
  async serve(socket: Socket): Promise<void> {
    const gone = new AbortController();
    socket.on('error', () => {}).on('close', () => gone.abort());
    const line = await requestOn(socket);
    const result = await this.#answer(line, gone.signal);
    if (!gone.signal.aborted) socket.end(`${JSON.stringify(result)}\n`);
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  }

  async #answer(line: string | undefined, signal: AbortSignal): Promise<CommandResult> {
    const asked = line === undefined ? undefined : askedIn(line);
    const work = asked && workOf(asked.program, asked.args, this.#world.mountsDir);
    if (!asked || !work) {
      this.#world.log.warn('not-done', { asked: line?.slice(0, 200) ?? 'nothing', why: 'it is not on the list' });
      return failed('it is not on the list of what is done here');
    }
    if (work.kind === 'look') return this.#do(asked, work, signal);
    const before = this.#turn;
    const mine = before.then(() => (signal.aborted ? failed('nobody waits for it') : this.#do(asked, work, signal)));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #do({ program, args }: Asked, work: Work, signal: AbortSignal): Promise<CommandResult> {
    const { start, log, zoneinfo, leastBytes } = this.#world;
    const words = [program, ...args].join(' ');
    const why = await refusalOf(work, { run: machinePrograms(signal, start), zoneinfo, leastBytes });
    if (why !== undefined) {
      log.warn('not-done', { asked: words, why });
      return failed(`not done: ${why}`);
    }
    const { zoneLink } = this.#world;
    if (work.kind === 'zone' && zoneLink !== undefined) return linkZone(zoneLink, join(zoneinfo, work.zone));
    const limits = { timeoutMs: TIMEOUT_MS[work.kind], outputBytes: MACHINE_LIMITS.outputBytes, withErrors: true };
    const result = await start(program, args, limits, signal).result;
    if (work.kind !== 'look')
      log.info('done', { asked: words, ended: 'status' in result ? result.status : result.kind });
    if (work.kind !== 'mount' || result.kind !== 'ended' || result.status !== 0) return result;
    const trouble = await this.#give(work.uuid, signal).catch(errorText);
    return trouble === undefined ? result : failed(trouble);
  }

  /** The top of the disk, and what is the box's on it. `chown` follows no link of the disk, and changes a folder after all that is in it. */
  async #give(uuid: string, signal: AbortSignal): Promise<string | undefined> {
    const { uid, gid } = await this.#world.owner();
    const top = join(this.#world.mountsDir, uuid);
    const run = machinePrograms(signal, this.#world.start);
    for (const [path, flags] of [
      [join(top, 'swarmbox'), '-hR'],
      [top, '-h'],
    ] as const) {
      const found = await lstat(path).catch(() => undefined);
      if (!found?.isDirectory() || found.uid === uid) continue;
      const ran = await run('chown', [flags, `${uid}:${gid}`, '--', path], { timeoutMs: MACHINE_LIMITS.formatMs });
      if (!ran.ok) return ran.why;
    }
    return undefined;
  }
}

/** Whole and durable, or as it was before. */
async function linkZone(link: string, zone: string): Promise<CommandResult> {
  try {
    const temporary = `${link}.new`;
    await rm(temporary, { force: true });
    await symlink(zone, temporary);
    await rename(temporary, link);
    await syncFolder(dirname(link));
    return { kind: 'ended', status: 0, output: '' };
  } catch (error) {
    return failed(errorText(error));
  }
}

type Asked = { readonly program: string; readonly args: readonly string[] };

/** Undefined: it is none. */
function askedIn(line: string): Asked | undefined {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { program, args } = (said ?? {}) as { program?: unknown; args?: unknown };
  if (typeof program !== 'string' || !Array.isArray(args) || args.length >= HANDS_LIMITS.words) return undefined;
  // A program's words end at a zero byte.
  const isWord = (word: unknown): word is string => typeof word === 'string' && !word.includes('\0');
  return isWord(program) && args.every(isWord) ? { program, args } : undefined;
}

/** Its first line; undefined when none comes in time, or it is too long. */
function requestOn(socket: Socket): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let bytes = Buffer.alloc(0);
  const timer = setTimeout(() => over(undefined), HANDS_LIMITS.requestMs);
  const over = (line: string | undefined): void => {
    clearTimeout(timer);
    socket.off('data', onData);
    // What comes after it is nothing.
    socket.resume();
    resolve(line);
  };
  const onData = (part: Buffer): void => {
    bytes = Buffer.concat([bytes, part]);
    const end = bytes.indexOf(0x0a);
    if (end >= 0 && end <= HANDS_LIMITS.requestBytes) over(bytes.subarray(0, end).toString('utf8'));
    else if (bytes.length > HANDS_LIMITS.requestBytes) over(undefined);
  };
  socket.on('data', onData).on('close', () => over(undefined));
  return promise;
}

const failed = (why: string): CommandResult => ({ kind: 'failed', why });
