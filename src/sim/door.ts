import type { Socket } from 'node:net';
import { type Endpoint, endpointKey, type LanEndpoint } from '#base/endpoint.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import { LIMITS } from '#entry/limits.ts';
import type { Arriving, Claim } from '#manager/manager.ts';
import { HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';
import type { SimSocket } from './sim-socket.ts';

export type DoorWorld = {
  nowMs(): number;
  claim(a: Arriving): Claim;
  /** To the origin that the client meant. */
  dial(to: Endpoint): Promise<SimSocket>;
  note(text: string): void;
};

/** For a time only: it may be otherwise soon. As the entry listener has it. */
const BRIEFLY: ReadonlySet<string> = new Set(['disk-full', 'disk-failed', 'overload']);

/** In place of the entry listener, whose kernel is not simulated: reads a client's handshake, and hands it to the manager or joins it to its origin. */
export class Door {
  readonly #world: DoorWorld;
  readonly #open = new Set<SimSocket>();
  readonly #taken = new WeakSet<SimSocket>();
  #closed = false;
  /** Until when a client goes to an endpoint past the box. */
  readonly #passes = new Map<string, number>();

  constructor(world: DoorWorld) {
    this.#world = world;
  }

  /** The client's next connection there does not come to this door. */
  passes(client: string, to: Endpoint): boolean {
    return (this.#passes.get(`${client} ${endpointKey(to)}`) ?? 0) > this.#world.nowMs();
  }

  /** The box itself serves this end. */
  hasTaken(socket: SimSocket): boolean {
    return this.#taken.has(socket);
  }

  accept(socket: SimSocket, client: LanEndpoint, endpoint: Endpoint): void {
    socket.on('error', () => {});
    if (this.#closed) {
      socket.resetAndDestroy();
      return;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    let head = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      if (head.length < HANDSHAKE_BYTES) return;
      socket.off('data', onData).off('end', onEnd);
      socket.pause();
      this.#arrived(socket, client, endpoint, head);
    };
    const onEnd = (): void => void socket.destroy();
    socket.on('data', onData).once('end', onEnd);
  }

  close(): void {
    this.#closed = true;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  #arrived(socket: SimSocket, client: LanEndpoint, endpoint: Endpoint, head: Buffer): void {
    const hands = parseHandshake(head);
    if (hands.kind === 'bad') {
      this.#pass(socket, client, endpoint, head, hands.why);
      return;
    }
    const stream = new FlowStream(socket as unknown as Socket, client, undefined, { upBytes: 0, downBytes: 0 });
    this.#taken.add(socket);
    const early = head.subarray(HANDSHAKE_BYTES);
    const claim = this.#world.claim({ client, endpoint, handshake: hands.value, early, stream });
    if (claim.kind === 'taken') return;
    this.#taken.delete(socket);
    this.#pass(socket, client, endpoint, head, claim.why);
  }

  #pass(socket: SimSocket, client: LanEndpoint, endpoint: Endpoint, head: Buffer, why: string): void {
    this.#world.note(`${client.ip} passes to ${endpointKey(endpoint)}: ${why}`);
    const forMs = BRIEFLY.has(why) ? LIMITS.passBrieflyMs : LIMITS.passForMs;
    this.#passes.set(`${client.ip} ${endpointKey(endpoint)}`, this.#world.nowMs() + forMs);
    this.#world.dial(endpoint).then(
      (origin) => {
        if (socket.destroyed) return void origin.destroy();
        this.#open.add(origin);
        origin.once('close', () => this.#open.delete(origin));
        origin.write(head);
        carry(socket, origin);
        carry(origin, socket);
      },
      () => socket.resetAndDestroy(),
    );
  }
}

/** Bytes, the end of them, and resets. */
function carry(from: SimSocket, to: SimSocket): void {
  from.pipe(to);
  from.on('error', () => to.resetAndDestroy());
  from.on('close', () => {
    if (!from.readableEnded) to.resetAndDestroy();
  });
}
