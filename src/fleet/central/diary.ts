import type { Clock } from '#base/clock.ts';
import { Doze } from '#base/doze.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { FleetBook, NoteRow } from '#index/fleet-book.ts';
import type { Broker, Published } from '../broker.ts';
import { retryAfterMs } from '../broker-limits.ts';
import { LIMITS } from '../limits.ts';
import { encodeLog } from '../messages.ts';
import { TOLD } from '../names.ts';
import { bookIdOf } from '../outbox.ts';

/**
 * What is written into the diary, for a person. Of a distribution: `published`, `relays-done`, `converged`, `complete`, `partial`, `cancelled`, `retried`. Of a node with one: `failed` and `refused`, with
 * the reason in `why`, and `warned`: it goes on. Of waves: `wave-opened`, `wave-stopped`, `wave-resumed`, `install-failed` of a node, `rolled-out`. Of a node: `node-came`, `node-went`, `node-restarted`. Of the watched folder: `not-published`. Of the central: `central-started`, `broker-gone`, `broker-back`,
 * `broker-blocked`.
 */
export type NoteCode =
  | 'published'
  | 'relays-done'
  | 'converged'
  | 'complete'
  | 'partial'
  | 'cancelled'
  | 'retried'
  | 'failed'
  | 'refused'
  | 'warned'
  | 'wave-opened'
  | 'wave-stopped'
  | 'wave-resumed'
  | 'install-failed'
  | 'rolled-out'
  | 'not-published'
  | 'node-came'
  | 'node-went'
  | 'node-restarted'
  | 'central-started'
  | 'broker-gone'
  | 'broker-back'
  | 'broker-blocked';

export type DiaryWorld = {
  readonly book: FleetBook;
  /** A connection of its own: a stream that does not answer holds up whatever else is published there. */
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  /** It ends with this one. */
  readonly scope: Scope;
};

const TOLD_FACT = 'diary told';

/**
 * Sends the diary to the fleet's log, in order and at least once: up to which entry is in the book, and goes on with those that the broker has. It holds up nobody: an entry that
 * leaves the book before it was sent is not sent.
 */
export class DiarySender {
  readonly #world: DiaryWorld;
  readonly #scope: Scope;
  readonly #bookId: string;
  readonly #doze: Doze;

  constructor(world: DiaryWorld) {
    this.#world = world;
    this.#bookId = bookIdOf(world.book);
    this.#scope = new Scope((error) => world.log.error('diary not sent', { why: errorText(error) }), world.scope);
    this.#doze = new Doze(world.clock, this.#scope.signal);
    this.#scope.run((signal) => this.#loop(signal));
    this.#scope.defer(world.broker.onState(({ kind }) => kind === 'up' && this.poke()));
    this.#scope.defer(() => this.poke());
  }

  /** There may be something new in it. */
  poke(): void {
    this.#doze.poke();
  }

  async #loop(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      this.#doze.heed();
      const sent = await this.#sendSome();
      if (signal.aborted) return;
      failures = sent === 'not' ? failures + 1 : 0;
      if (sent === 'some') continue;
      if (failures > 0) await this.#world.clock.sleep(retryAfterMs(failures, Math.random()), signal);
      else await this.#doze.rest(LIMITS.outboxIdleMs);
    }
  }

  /** 'none': there is none, or no broker. 'not': the broker has not taken the next one. */
  async #sendSome(): Promise<'some' | 'none' | 'not'> {
    const { book, broker, log } = this.#world;
    if (broker.state.kind !== 'up') return 'none';
    const notes = book.notesAfter(Number(book.fact(TOLD_FACT) ?? 0), LIMITS.outboxInFlight);
    if (notes.length === 0) return 'none';
    const answers = await Promise.all(notes.map((note) => this.#publish(note)));
    if (this.#scope.closed) return 'not';
    const stopped = answers.findIndex(({ kind }) => kind === 'refused' || kind === 'lost');
    for (const [i, answer] of answers.entries())
      if (answer.kind === 'impossible') log.error('entry can never be sent', { seq: notes[i]?.seq, why: answer.why });
    const last = notes.at(stopped < 0 ? -1 : stopped - 1);
    if (stopped !== 0 && last) book.setFact(TOLD_FACT, String(last.seq));
    return stopped < 0 ? 'some' : 'not';
  }

  async #publish({ seq, atMs, distribution, node, code, why, detail }: NoteRow): Promise<Published> {
    const of = {
      ...(distribution !== null && { distribution }),
      ...(node !== null && { node }),
      ...(why !== null && { why }),
      ...(detail !== null && { detail }),
    };
    try {
      const carried = encodeLog({ kind: 'note', seq, atMs, code, ...of });
      const messageId = `${this.#bookId}-note-${seq}`;
      const message = { exchange: TOLD, key: carried.type, messageId, persistent: true, ...carried };
      return await this.#world.broker.publish(message, false);
    } catch (error) {
      return { kind: 'impossible', why: errorText(error) };
    }
  }
}
