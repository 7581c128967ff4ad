import type { RateSample } from '#admin/contract.ts';
import type { PageEvent, Snapshot } from './page-state.ts';

/** ms. A box that reboots is back within the minute; nobody should wait longer than this for the page to notice. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 20_000;
/** ms without a word on an open socket, after which it counts as dead: the box speaks every second. */
const SILENCE_MS = 6000;

/** The part of a WebSocket that is used. */
export type LiveSocket = {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
};

export type LiveWorld = {
  dial(): LiveSocket;
  history(): Promise<readonly RateSample[]>;
  /** Runs `act` after `ms` unless the returned function is called first. */
  after(ms: number, act: () => void): () => void;
  nowMs(): number;
  /** 0..1 */
  random(): number;
};

/** Doubles up to the longest wait; spread, so that fifty pages do not dial in the same instant. */
export const waitMs = (attempt: number, random: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10)) * (0.75 + random / 2);

const isSnapshot = (value: unknown): value is Snapshot =>
  typeof value === 'object' &&
  value !== null &&
  'nowMs' in value &&
  (('tasks' in value && 'steering' in value) || 'moving' in value);

export function parseSnapshot(data: unknown): Snapshot | undefined {
  try {
    const value: unknown = JSON.parse(String(data));
    return isSnapshot(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps one socket to the box alive and tells what it hears. */
export class Live {
  readonly #world: LiveWorld;
  readonly #tell: (event: PageEvent) => void;
  #socket: LiveSocket | undefined;
  #attempt = 0;
  #cancel: () => void = () => {};

  constructor(world: LiveWorld, tell: (event: PageEvent) => void) {
    this.#world = world;
    this.#tell = tell;
  }

  /** Dials at once, whatever was being waited for. */
  dial(): void {
    this.#drop();
    this.#tell({ kind: 'dialling' });
    const socket = this.#world.dial();
    this.#socket = socket;
    let heard = false;
    socket.onmessage = ({ data }) => {
      const snapshot = parseSnapshot(data);
      if (!snapshot) return;
      this.#attempt = 0;
      this.#watch();
      this.#tell({ kind: 'snapshot', snapshot });
      if (!heard) void this.#catchUp(socket);
      heard = true;
    };
    socket.onclose = () => this.#lost();
    this.#watch();
  }

  stop(): void {
    this.#drop();
  }

  /** True while a socket is open or being opened. */
  get busy(): boolean {
    return this.#socket !== undefined;
  }

  async #catchUp(socket: LiveSocket): Promise<void> {
    try {
      const samples = await this.#world.history();
      if (socket === this.#socket) this.#tell({ kind: 'history', samples });
    } catch {
      // The chart then starts with what comes live.
    }
  }

  #watch(): void {
    this.#cancel();
    this.#cancel = this.#world.after(SILENCE_MS, () => this.#lost());
  }

  #lost(): void {
    this.#drop();
    const ms = waitMs(this.#attempt++, this.#world.random());
    const atMs = this.#world.nowMs();
    this.#tell({ kind: 'lost', atMs, retryAtMs: atMs + ms });
    this.#cancel = this.#world.after(ms, () => this.dial());
  }

  #drop(): void {
    this.#cancel();
    this.#cancel = () => {};
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
