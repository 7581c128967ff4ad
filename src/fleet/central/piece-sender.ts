import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Broker } from '../broker.ts';
import { CONTENT_TYPE } from '../messages.ts';
import { DATA, keyToAll, keyToNode } from '../names.ts';

export type SenderWorld = {
  readonly data: Pick<Broker, 'publish'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** What is sent: `key` of the messages' ids, and where the pieces come from. */
export type Sending = {
  readonly id: string;
  readonly pieces: readonly PieceIndex[];
  /** 'all': one message for everybody. */
  readonly to: 'all' | readonly string[];
  /** Say first that they come. */
  readonly go: boolean;
  /** Resolves when so many bytes may go, where a rate is limited. Rejects when the signal is aborted. */
  pace?(bytes: number, signal: AbortSignal): Promise<void>;
  /** It is not to be sent any more now: what lacks is asked for later. */
  isHeld?(): boolean;
  piece(index: PieceIndex): FramedPiece | undefined | Promise<FramedPiece | undefined>;
};

/** Pieces on their way to the broker: enough that it never waits, and few enough that one's memory is small. */
const IN_FLIGHT = 48;
const WAIT_MS = 100;
/** A full inbox, and a broker that is away, are waited for so often. Then a node does not read; what it lacks it asks for later. */
const WAITS = 300;

/**
 * Sends pieces over AMQP: one message for all, or one for each node. A message for all that one full inbox refuses was taken by the others, and who lacks a piece asks for it; so it is
 * sent once. To a single node that is full it is sent again, for a while, and so is what was lost with a connection.
 */
export class PieceSender {
  readonly #world: SenderWorld;
  #count = 0;
  /** Bytes that were sent, each once however many got them. */
  sentBytes = 0;

  constructor(world: SenderWorld) {
    this.#world = world;
  }

  /** Resolves when the broker has what it took. */
  async send(sending: Sending, signal: AbortSignal): Promise<void> {
    const { to, go, pieces } = sending;
    const receivers = to === 'all' ? ['all' as const] : to.map((node) => ({ node }));
    if (go) for (const receiver of receivers) await this.#publish(sending, receiver, 'go', Buffer.alloc(0), {}, signal);
    const flying = new Set<Promise<void>>();
    for (const index of pieces) {
      if (sending.isHeld?.()) break;
      const piece = await sending.piece(index);
      if (!piece) {
        this.#world.log.warn('piece not there', { id: sending.id, piece: index });
        continue;
      }
      const body = Buffer.concat(piece.payloadParts());
      for (const receiver of receivers) {
        await sending.pace?.(body.length, signal);
        if (signal.aborted) return;
        const flight: Promise<void> = this.#publish(sending, receiver, 'piece', body, { piece: index }, signal).finally(
          () => flying.delete(flight),
        );
        flying.add(flight);
        if (flying.size >= IN_FLIGHT) await Promise.race(flying);
      }
      this.sentBytes += body.length;
    }
    await Promise.all(flying);
  }

  async #publish(
    { id }: Sending,
    receiver: 'all' | { readonly node: string },
    type: 'go' | 'piece',
    body: Buffer,
    headers: Readonly<Record<string, number>>,
    signal: AbortSignal,
  ): Promise<void> {
    const key = receiver === 'all' ? keyToAll(type) : keyToNode(receiver.node, type);
    const carried = type === 'go' ? Buffer.from(JSON.stringify({ id })) : body;
    for (let wait = 0; wait < WAITS && !signal.aborted; wait++) {
      const message = {
        exchange: DATA,
        key,
        type,
        messageId: `${id.slice(0, 16)}-${++this.#count}`,
        correlationId: id,
        contentType: type === 'go' ? CONTENT_TYPE : 'application/octet-stream',
        headers,
        persistent: false,
        body: carried,
      };
      const published = await this.#world.data.publish(message, false);
      const isFull = published.kind === 'refused' && receiver !== 'all';
      if (published.kind !== 'lost' && !isFull) return;
      await this.#world.clock.sleep(WAIT_MS, signal).catch(() => {});
    }
  }
}
