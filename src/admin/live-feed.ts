import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { ADMIN_LIMITS } from './limits.ts';

type Listener = { missed: number; mayStay(): boolean };

/** Pushes the shared snapshot to every page that listens. Runs no timer while nobody does. */
export class LiveFeed {
  readonly #json: () => string | undefined;
  readonly #beatMs: number;
  readonly #listeners = new Map<WebSocket, Listener>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: ADMIN_LIMITS.messageBytes,
    // A LAN has the bandwidth; the box does not have the memory of one compressor for each page.
    perMessageDeflate: false,
    clientTracking: false,
  });
  #beat: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;

  constructor(json: () => string | undefined, beatMs: number = ADMIN_LIMITS.snapshotMs) {
    this.#json = json;
    this.#beatMs = beatMs;
  }

  get size(): number {
    return this.#listeners.size;
  }

  get full(): boolean {
    return this.#listeners.size >= ADMIN_LIMITS.listeners;
  }

  /** `mayStay`: asked at every ping; whose session has ended is hung up on. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, mayStay: () => boolean = () => true): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#add(ws, mayStay));
  }

  close(): void {
    for (const ws of this.#listeners.keys()) ws.terminate();
    this.#listeners.clear();
    this.#rest();
    this.#server.close();
  }

  #add(ws: WebSocket, mayStay: () => boolean): void {
    const listener: Listener = { missed: 0, mayStay };
    this.#listeners.set(ws, listener);
    ws.on('pong', () => {
      listener.missed = 0;
    });
    ws.on('message', () => ws.close(1003, 'this side only tells'));
    ws.on('error', () => ws.terminate());
    ws.on('close', () => {
      this.#listeners.delete(ws);
      if (this.#listeners.size === 0) this.#rest();
    });
    const first = this.#json();
    if (first !== undefined) ws.send(first);
    this.#beat ??= setInterval(() => this.#tell(), this.#beatMs).unref();
    this.#ping ??= setInterval(() => {
      for (const [ws, listener] of this.#listeners) {
        if (listener.mayStay()) ws.ping();
        else ws.close(1008, 'signed out');
      }
    }, ADMIN_LIMITS.pingMs).unref();
  }

  #rest(): void {
    clearInterval(this.#beat);
    clearInterval(this.#ping);
    this.#beat = undefined;
    this.#ping = undefined;
  }

  /** A socket that has not taken the last snapshot yet misses this one: old figures are worth nothing in a queue. */
  #tell(): void {
    const json = this.#json();
    for (const [ws, listener] of this.#listeners) {
      listener.missed++;
      if (listener.missed > ADMIN_LIMITS.missedBeats) ws.terminate();
      else if (json !== undefined && ws.bufferedAmount === 0) ws.send(json);
    }
  }
}
