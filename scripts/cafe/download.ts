import { rm } from 'node:fs/promises';
import type { ClientRun } from './clients/client.ts';
import { PATIENCE } from './net.ts';
import { type Payload, wrongFiles } from './payload.ts';

/** A client at work, and the fresh directory that it fills. */
export class Download {
  readonly client: ClientRun;
  readonly pc: number;
  readonly dir: string;
  readonly #payload: Payload;

  constructor(client: ClientRun, pc: number, dir: string, payload: Payload) {
    this.client = client;
    this.pc = pc;
    this.dir = dir;
    this.#payload = payload;
  }

  /** The time from adding the torrent to all files on disk; then the client has left too. Rejects after `limitS`, times the patience. */
  async complete(limitS = 600): Promise<{ seconds: number }> {
    const limit = limitS * PATIENCE;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(async () => {
      const { child } = this.client;
      const percent = (this.client.progress().fraction * 100).toFixed(1);
      const said = await child.tail();
      late.reject(new Error(`${child.name} had ${percent} % after ${limit} s, its time limit\n${said}`));
    }, limit * 1000);
    try {
      const finished = await Promise.race([this.client.done, late.promise]);
      await this.client.left();
      return finished;
    } finally {
      clearTimeout(timer);
      await this.client.stop();
    }
  }

  /** Files that are absent or differ from the seeders'; empty when all is well. */
  wrongFiles(): Promise<string[]> {
    return wrongFiles(this.#payload, this.dir);
  }

  async remove(): Promise<void> {
    await this.client.stop();
    await rm(this.dir, { recursive: true, force: true });
  }
}
