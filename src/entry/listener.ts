import type { Server, Socket } from 'node:net';
import { type Endpoint, type LanEndpoint, plainIp } from '#base/endpoint.ts';
import type { Scope } from '#base/scope.ts';
import { listenTransparent } from '#kernel/transparent-socket.ts';
import { LIMITS } from './limits.ts';
import { type Recognised, Recogniser, type Skeys } from './recogniser.ts';

/** A steered connection whose first bytes have been read. The socket is paused. */
export type Arrival = {
  readonly socket: Socket;
  readonly client: LanEndpoint;
  /** Where the client meant to go. */
  readonly endpoint: Endpoint;
  readonly recognised: Recognised;
};

export type SkeysFor = (client: Endpoint, endpoint: Endpoint) => ReturnType<Skeys>;

const LISTEN_ON = ['0.0.0.0', '::'];

/** The networks to accept from: the untagged one, and these VLANs. */
export type ListenConfig = { readonly listenPort: number; readonly bridge: string; readonly vlans: readonly number[] };

/**
 * Accepts what the kernel diverts, reads the first bytes and hands the flow on, recognised.
 * Invariant: at most `LIMITS.recognising` flows are being read; one beyond that is handed on unread, to be spliced.
 */
export class Listener {
  readonly #skeysFor: SkeysFor;
  readonly #onArrival: (arrival: Arrival) => void;
  readonly #open = new Set<Socket>();
  #recognising = 0;
  #queued: (() => number)[] = [];

  constructor(skeysFor: SkeysFor, onArrival: (arrival: Arrival) => void) {
    this.#skeysFor = skeysFor;
    this.#onArrival = onArrival;
  }

  /** Flows that are open now, recognised or not. */
  get flows(): number {
    return this.#open.size;
  }

  /** Those whose first words are awaited. */
  get recognising(): number {
    return this.#recognising;
  }

  /** Those that nobody has accepted yet. */
  get queued(): number {
    return this.#queued.reduce((sum, queued) => sum + queued(), 0);
  }

  /** Bytes that were written to flows and wait for their sockets. */
  get unsentBytes(): number {
    let bytes = 0;
    for (const socket of this.#open) bytes += socket.writableLength;
    return bytes;
  }

  /** One socket for each network and family: which one accepts a connection tells the client's VLAN. */
  async listen({ listenPort: port, bridge, vlans }: ListenConfig, scope: Scope, onError: (error: Error) => void) {
    const listeners = [undefined, ...vlans].flatMap((vlan) => {
      const lane = { bridge, ...(vlan && { vlan }) };
      return LISTEN_ON.map((ip) =>
        listenTransparent({ ip, port }, lane, (socket) => this.#accept(socket, vlan), onError),
      );
    });
    this.#queued = listeners.map(({ queued }) => queued);
    const servers = listeners.flatMap((listener) => listener.servers);
    scope.defer(() => this.#close(servers));
    await Promise.all(
      servers.map((server) => server.listening || new Promise((resolve) => server.once('listening', resolve))),
    );
  }

  async #close(servers: Server[]): Promise<void> {
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#open) socket.resetAndDestroy();
    await Promise.all(closed);
  }

  #accept(socket: Socket, vlan: number | undefined): void {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    if (!remoteAddress || !remotePort || !localAddress || !localPort) {
      socket.destroy();
      return;
    }
    const client = { ip: plainIp(remoteAddress), port: remotePort, ...(vlan && { vlan }) };
    const endpoint = { ip: plainIp(localAddress), port: localPort };
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    socket.on('error', () => {}); // a reset is how many flows end; 'close' follows
    const done = (recognised: Recognised): void => this.#onArrival({ socket, client, endpoint, recognised });
    if (this.#recognising >= LIMITS.recognising) {
      done({ kind: 'other', head: Buffer.alloc(0), why: 'overload', detail: 'too many flows are being recognised' });
      return;
    }
    this.#recognising++;
    recognise(socket, new Recogniser(() => this.#skeysFor(client, endpoint)), (recognised) => {
      this.#recognising--;
      if (recognised) done(recognised);
    });
  }
}

/** Feeds a socket's first bytes to the recogniser. Calls back once; undefined when the socket closed meanwhile. */
export function recognise(socket: Socket, recogniser: Recogniser, callback: (r: Recognised | undefined) => void): void {
  let finished = false;
  const finish = (recognised: Recognised | undefined): void => {
    if (finished) return;
    finished = true;
    clearTimeout(timer);
    socket.off('data', onData).off('end', onEnd).off('close', onClose);
    socket.pause();
    callback(recognised);
  };
  const giveUp = (why: string) => (): void => finish(recogniser.giveUp(why));
  let timer = setTimeout(giveUp('the client says nothing first'), LIMITS.peekMs);
  let silent = true;
  const onData = (chunk: Buffer): void => {
    if (silent) {
      silent = false;
      clearTimeout(timer);
      timer = setTimeout(giveUp('its handshake was not completed in time'), LIMITS.handshakeMs);
    }
    const step = recogniser.push(chunk);
    if (step.kind !== 'more') finish(step);
    else for (const bytes of step.send) socket.write(bytes);
  };
  // A client that leaves in silence has proved nothing about the endpoint.
  const onEnd = (): void => {
    if (silent) {
      finish(undefined);
      socket.end();
    } else giveUp('the client ended in the middle of a handshake')();
  };
  const onClose = (): void => finish(undefined);
  socket.on('data', onData).once('end', onEnd).once('close', onClose);
}
