import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { realClock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { Index } from '#index/index.ts';
import type { ManagerWorld } from '#manager/manager.ts';
import type { DiskView } from '#store/disks.ts';
import { TRACE_LIMITS } from '#trace/limits.ts';
import { Pseudonyms } from '#trace/pseudonyms.ts';
import { Recorder } from '#trace/recorder.ts';
import { lineOf } from '#trace/session.ts';
import { sessionsIn, TraceFiles } from '#trace/trace-files.ts';
import { WhatIf } from '#what-if/what-if.ts';
import type { Config } from './config.ts';

/** What torrents are called in the trace is kept apart from it. */
const KEY = 'traceKey';

/** The recording of demand, and what can be learned from it. */
export class DemandTrace {
  readonly whatIf: WhatIf;
  readonly demand: NonNullable<ManagerWorld['demand']>;
  readonly #recorder: Recorder;
  readonly #files: TraceFiles;

  /** Undefined when it is switched off; then what was recorded before goes. */
  static async open(
    config: Config,
    index: Index,
    store: { disks(): readonly DiskView[] },
    log: Log,
    scope: Scope,
  ): Promise<DemandTrace | undefined> {
    const folder = join(config.dataDir, 'trace');
    if (!config.trace) {
      await rm(folder, { recursive: true, force: true });
      index.setSetting(KEY, '');
      return undefined;
    }
    const key = index.setting(KEY) || randomBytes(32).toString('hex');
    index.setSetting(KEY, key);
    const files = await TraceFiles.open(folder, realClock, log);
    const names = new Pseudonyms(Buffer.from(key, 'hex'));
    const recorder = new Recorder({ clock: realClock, names, write: (lines) => files.append(lines) });
    const usable = () => store.disks().reduce((sum, disk) => sum + (disk.state === 'good' ? disk.usableBytes : 0), 0);
    const whatIf = new WhatIf({
      clock: realClock,
      folder,
      open: () => recorder.sessions(),
      question: () => ({ diskBytes: usable(), seats: config.seats }),
    });
    scope.defer(async () => {
      recorder.close();
      await files.settled();
    });
    scope.defer(() => whatIf.close());
    scope.every(TRACE_LIMITS.writeEveryMs, () => {
      recorder.tick();
      files.tick();
    });
    return new DemandTrace(recorder, files, whatIf);
  }

  private constructor(recorder: Recorder, files: TraceFiles, whatIf: WhatIf) {
    this.#recorder = recorder;
    this.#files = files;
    this.whatIf = whatIf;
    this.demand = (meta) => recorder.torrent(meta);
  }

  /** All that is recorded, a line for each session; those under way come last. */
  async *lines(): AsyncGenerator<string> {
    for await (const session of sessionsIn(this.#files.folder)) yield `${lineOf(session)}\n`;
    for (const session of this.#recorder.sessions()) yield `${lineOf(session)}\n`;
  }
}
