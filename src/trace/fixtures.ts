import { createHash } from 'node:crypto';
import { type InfoHash, infoHashOf, MIB } from '#base/units.ts';
import { HandClock } from '#client/fixtures.ts';
import { Pseudonyms } from './pseudonyms.ts';
import { Recorder, type Shape } from './recorder.ts';
import { type Session, sessionIn } from './session.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
export const KEY = Buffer.alloc(32, 7);

export const hashOf = (name: string): InfoHash => infoHashOf(createHash('sha1').update(name).digest());

/** Of pieces of 4 MiB. */
export function shapeOf(name: string, mib: number): Shape {
  return {
    infoHash: hashOf(name),
    totalBytes: mib * MIB,
    pieceLength: 4 * MIB,
    pieceCount: Math.ceil(mib / 4),
  };
}

export const aSession = (over: Partial<Session> = {}): Session => ({
  atMin: 29_000_000,
  torrent: 1,
  segments: 8,
  pieceKib: 1024,
  client: '00c0ffee',
  asked: [0, 0, 8],
  stayMin: 0,
  servedMib: 128,
  fetchedMib: 0,
  ...over,
});

/** A clock that may be set back. */
export class SetClock extends HandClock {
  atMs = 30_000_000 * MINUTE_MS;

  override nowMs(): number {
    return this.atMs;
  }

  passMin(minutes: number): void {
    this.atMs += minutes * MINUTE_MS;
  }
}

/** A recorder whose lines are kept. */
export class Desk {
  readonly clock = new SetClock();
  readonly lines: string[] = [];
  readonly recorder: Recorder;

  constructor(limits?: Record<'openSessions' | 'openAsks', number>) {
    const write = (lines: readonly string[]): void => void this.lines.push(...lines);
    this.recorder = new Recorder({ clock: this.clock, names: new Pseudonyms(KEY), write }, limits);
  }

  /** What was written, which must be readable. */
  sessions(): Session[] {
    return this.lines.map((line) => sessionIn(line) ?? { ...aSession(), client: `unreadable: ${line}` });
  }
}
