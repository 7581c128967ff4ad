/** A real BitTorrent client in a machine of the cafe. One file per kind says how it is started and what its output means. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../net.ts';
import type { Child, Processes } from '../processes.ts';

export const clientKinds = ['transmission', 'aria2', 'libtorrent', 'rtorrent'] as const;
export type ClientKind = (typeof clientKinds)[number];
export const isClientKind = (text: string): text is ClientKind => (clientKinds as readonly string[]).includes(text);

/** Nodes to start from, as a client that has run before remembers them. */
export type DhtStart = {
  readonly nodes: readonly string[];
  readonly port: number;
  /** aria2 has to be told its own address to speak IPv6 there. */
  readonly ownIp6?: string;
};

/** How a client may find and reach peers. What is absent stays as the client comes (in the cafe, Transmission without uTP). */
export type Ways = {
  readonly utp?: boolean;
  readonly dht?: false | DhtStart;
  readonly lsd?: boolean;
  /** libtorrent alone: seconds before it dials a peer again; a minute is its default. */
  readonly reconnectS?: number;
};

export type ClientOptions = {
  /** A .torrent file's path or a magnet link. */
  readonly source: string;
  /** Where the files go, or, for a seeder, already are. */
  readonly dir: string;
  /** The client's own state: fresh for every run. */
  readonly home: string;
  readonly encrypt: boolean;
  /** Serve what is in `dir` until stopped; otherwise leave when complete. */
  readonly seed: boolean;
  readonly ways?: Ways;
  /** libtorrent alone: it wants only these files, by number, and stays when it has them. SIGUSR1: it wants all. */
  readonly only?: readonly number[];
  /** libtorrent alone: it takes no more than this. */
  readonly mostBytesPerS?: number;
  /** libtorrent alone: it takes the pieces in order, and tells of each. SIGUSR2: it turns to this piece, and wants none before it. */
  readonly film?: { readonly jumpTo?: number };
};

export type Progress = { readonly fraction: number; readonly rateBytesPerS: number };

/** What a line of a client's output says. `added`: it has the torrent, the clock runs. `done`: all files are on disk. */
export type ClientEvent =
  | { kind: 'added' }
  | { kind: 'done' }
  | { kind: 'piece'; piece: number }
  | ({ kind: 'progress' } & Progress);

export type ClientRecipe = {
  readonly kind: ClientKind;
  argv(o: ClientOptions): string[];
  read(line: string): ClientEvent | undefined;
};

export type Finished = { readonly seconds: number };

export class ClientFailed extends Error {}

/** How long a client that has what it wanted may take to leave (a last announce). */
const LEAVE_MS = 8_000;

export class ClientRun {
  readonly kind: ClientKind;
  readonly child: Child;
  /** Resolves when every file is complete; rejects when the client ends before that. Never rejects unhandled. */
  readonly done: Promise<Finished>;
  /** For a client with a film: when it had each piece, in seconds after it had the torrent, in the order they came. */
  readonly pieces = new Map<number, number>();
  #progress: Progress = { fraction: 0, rateBytesPerS: 0 };
  #addedAtMs: number | undefined;
  #stopping = false;

  private constructor(recipe: ClientRecipe, start: (onLine: (line: string) => void) => Child, clockFromSpawn: boolean) {
    this.kind = recipe.kind;
    const { promise, resolve, reject } = Promise.withResolvers<Finished>();
    promise.catch(() => {});
    this.done = promise;
    if (clockFromSpawn) this.#addedAtMs = performance.now();
    this.child = start((line) => {
      const event = recipe.read(line);
      if (event?.kind === 'added') this.#addedAtMs ??= performance.now();
      if (event?.kind === 'progress') this.#progress = event;
      if (this.#addedAtMs === undefined) return;
      const seconds = (performance.now() - this.#addedAtMs) / 1000;
      if (event?.kind === 'piece') this.pieces.set(event.piece, seconds);
      if (event?.kind !== 'done') return;
      this.#progress = { fraction: 1, rateBytesPerS: 0 };
      resolve({ seconds });
    });
    void this.child.exited.then(async (exit) => {
      const how = this.#stopping ? 'was stopped' : `ended with ${exit.signal ?? exit.code}`;
      reject(new ClientFailed(`${this.child.name} ${how} before it was complete\n${await this.child.tail()}`));
    });
  }

  static async start(
    recipe: ClientRecipe,
    o: ClientOptions,
    at: { place: Place; processes: Processes; name: string },
  ): Promise<ClientRun> {
    await mkdir(o.dir, { recursive: true });
    await mkdir(o.home, { recursive: true });
    const argv = at.place.inside(recipe.argv(o));
    const logPath = join(o.home, 'client.log');
    return new ClientRun(
      recipe,
      (onLine) => at.processes.start({ name: at.name, argv, logPath, onLine, env: { HOME: o.home }, cwd: o.home }),
      recipe.kind === 'aria2', // it is handed the torrent on its command line
    );
  }

  progress(): Progress {
    return this.#progress;
  }

  /** Waits for a client that leaves by itself when complete; ends it when it does not. */
  async left(): Promise<void> {
    const timer = setTimeout(() => void this.stop(), LEAVE_MS);
    await this.child.exited;
    clearTimeout(timer);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.child.stop();
  }

  /** SIGKILL, as when a PC is switched off. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.child.kill('SIGKILL');
    await this.child.exited;
  }
}

/** A line of JSON from one of our own drivers: `{"event":"progress","fraction":0.5,"rate":1000}`. */
export function readJsonLine(line: string): ClientEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  let said: { event?: unknown; fraction?: unknown; rate?: unknown; piece?: unknown };
  try {
    said = JSON.parse(line) as typeof said;
  } catch {
    return undefined;
  }
  if (said.event === 'added' || said.event === 'done') return { kind: said.event };
  if (said.event === 'piece' && typeof said.piece === 'number') return { kind: 'piece', piece: said.piece };
  if (said.event === 'progress' && typeof said.fraction === 'number' && typeof said.rate === 'number')
    return { kind: 'progress', fraction: said.fraction, rateBytesPerS: said.rate };
  return undefined;
}
