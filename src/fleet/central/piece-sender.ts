import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';
import { KIB } from '#base/units.ts';
import { BulkMemory } from '../amqp-frames.ts';
import type { Broker, Message, Published } from '../broker.ts';
import { CONTENT_TYPE } from '../messages.ts';
import { DATA, keyTo, type Receiver } from '../names.ts';
import { PARCEL_TYPE, type PackedParcel } from '../parcel.ts';

export type SenderWorld = {
  readonly data: Pick<Broker, 'publish'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** What is sent: `key` of the messages' ids, and where the pieces come from. */
export type Sending = {
  readonly id: string;
  readonly pieces: readonly PieceIndex[];
  readonly pieceLength: number;
  /** One message for each. */
  readonly to: readonly Receiver[];
  /** Say first that they come. */
  readonly go: boolean;
  /** Resolves when so many bytes may go, where a rate is limited. Rejects when the signal is aborted. */
  pace?(bytes: number, signal: AbortSignal): Promise<void>;
  /** It is not to be sent any more now: what lacks is asked for later. */
  isHeld?(): boolean;
  readonly sizeBytes: number;
  /** As many pieces as the buffer holds, from `first` on. Those that are not there. */
  read(first: PieceIndex, into: Buffer): Promise<readonly PieceIndex[]>;
};

/** Bytes of small pieces that go in one message, one behind the other: RabbitMQ and its clients take twice the processor for chunks of a quarter of it, and no less for larger ones. */
const RUN_BYTES = 256 * KIB;
/** Messages on their way to the broker: enough that it never waits, and few enough that one's memory is small. */
const IN_FLIGHT = 24;
const WAIT_MS = 100;
/** A full inbox, and a broker that is away, are waited for so often. Then a node does not read; what it lacks it asks for later. */
const WAITS = 300;

/**
 * Sends pieces over AMQP: one message for all, or one for each node. A message for all that one full inbox refuses was taken by the others, and who lacks a piece asks for it; so it is
 * sent once. To a single node that is full it is sent again, for a while, and so is what was lost with a connection.
 */
export class PieceSender {
  readonly #world: SenderWorld;
  readonly #memory = new BulkMemory();
  #count = 0;
  /** Bytes that were sent, each once however many got them. */
  sentBytes = 0;

  constructor(world: SenderWorld) {
    this.#world = world;
  }

  /** Resolves when the broker has what it took. */
  async send(sending: Sending, signal: AbortSignal): Promise<void> {
    const { to, go, pieces, id } = sending;
    const word = { type: 'go', contentType: CONTENT_TYPE, headers: {}, body: Buffer.from(JSON.stringify({ id })) };
    if (go) for (const receiver of to) await this.#publishSteadily(id, receiver, word, signal);
    const flying = new Set<Promise<void>>();
    for (const run of runsOf(pieces, sending.pieceLength)) {
      if (sending.isHeld?.()) break;
      const bytes = this.#memory.take(bytesOf(run, sending));
      const own: Promise<void>[] = [];
      for (const { index, body } of await this.#bodies(sending, run, bytes)) {
        for (const receiver of to) {
          await sending.pace?.(body.length, signal);
          if (signal.aborted) return;
          const piece = { type: 'piece', contentType: BYTES, headers: { piece: index }, body };
          const sent = this.#publishSteadily(id, receiver, piece, signal);
          const flight: Promise<void> = sent.finally(() => flying.delete(flight));
          flying.add(flight);
          own.push(flight);
          if (flying.size >= IN_FLIGHT) await Promise.race(flying);
        }
        this.sentBytes += body.length;
      }
      // Given back as soon as nobody needs it: else it is what makes the garbage collector work.
      void Promise.allSettled(own).then(() => this.#memory.release(bytes));
    }
    await Promise.all(flying);
  }

  /** A whole distribution. False: not everybody who is named has it in his inbox. */
  async sendParcel(id: string, { headers, body }: PackedParcel, to: readonly Receiver[]): Promise<boolean> {
    const parcel = { type: PARCEL_TYPE, contentType: BYTES, headers, body };
    const published = await Promise.all(to.map((receiver) => this.#publish(id, receiver, parcel)));
    this.sentBytes += body.length;
    if (published.every(({ kind }) => kind !== 'lost')) (body.buffer as ArrayBuffer).transfer(0);
    return published.every(({ kind }) => kind === 'ok');
  }

  /** Usually one: where a piece is not there another begins. */
  async #bodies(
    sending: Sending,
    run: readonly PieceIndex[],
    bytes: Buffer,
  ): Promise<{ index: PieceIndex; body: Buffer }[]> {
    const { pieceLength } = sending;
    const [first = 0] = run;
    const of = (index: PieceIndex): Buffer =>
      bytes.subarray((index - first) * pieceLength, (index - first + 1) * pieceLength);
    const missing = await sending.read(first, bytes);
    if (missing.length === 0) return [{ index: first, body: bytes }];
    return run.flatMap((index) => {
      if (!missing.includes(index)) return [{ index, body: of(index) }];
      this.#world.log.warn('piece not there', { id: sending.id, piece: index });
      return [];
    });
  }

  async #publishSteadily(id: string, receiver: Receiver, word: Word, signal: AbortSignal): Promise<void> {
    for (let wait = 0; wait < WAITS && !signal.aborted; wait++) {
      const published = await this.#publish(id, receiver, word);
      const isFull = published.kind === 'refused' && 'node' in receiver;
      if (published.kind !== 'lost' && !isFull) return;
      await this.#world.clock.sleep(WAIT_MS, signal).catch(() => {});
    }
  }

  #publish(id: string, receiver: Receiver, { type, contentType, headers, body }: Word): Promise<Published> {
    const messageId = `${id.slice(0, 16)}-${++this.#count}`;
    const key = keyTo(receiver, type);
    const of = { type, messageId, correlationId: id, contentType, headers, persistent: false, body };
    return this.#world.data.publish({ exchange: DATA, key, ...of }, false);
  }
}

type Word = Pick<Message, 'type' | 'body'> & {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, number>>;
};

const BYTES = 'application/octet-stream';

const bytesOf = ([first = 0, ...more]: readonly PieceIndex[], { pieceLength, sizeBytes }: Sending): number =>
  Math.min(sizeBytes - first * pieceLength, (1 + more.length) * pieceLength);

/** Pieces that follow one another, as many as go in one message. */
export function runsOf(pieces: readonly PieceIndex[], pieceLength: number): PieceIndex[][] {
  const most = Math.max(1, Math.floor(RUN_BYTES / pieceLength));
  const runs: PieceIndex[][] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last && last.length < most && last.at(-1) === piece - 1) last.push(piece);
    else runs.push([piece]);
  }
  return runs;
}
