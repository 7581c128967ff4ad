import type { InfoHash } from '#base/units.ts';
import type { FleetBook } from '#index/fleet-book.ts';
import type { InstallRow } from '#index/fleet-installs.ts';
import { type DistributionId, type Manifest, openManifest, type SignedManifest, type TrustedKey } from '../manifest.ts';
import { encodeUp, type UpMessage } from '../messages.ts';
import { keyFrom } from '../names.ts';
import { NODE_LIMITS } from './limits.ts';

/**
 * - `taking`: wanted, and not all here
 * - `whole`: here, in its place; what `hello` names
 * - `replaced`: it was whole, and a later one of its name took its place
 * - `changed`: it was whole, and its files were found to be others
 */
export type NodeState = 'taking' | 'whole' | 'replaced' | 'changed';

/** `isCancelled`: whole, and neighbours are not to get it from here any more. */
export type Known = {
  readonly id: DistributionId;
  readonly manifest: Manifest;
  readonly state: NodeState;
  readonly isCancelled: boolean;
};

/** How it came, as it was said once and is said again to whoever asks. */
export type Done = { readonly ms: number; readonly amqpBytes: number; readonly swarmBytes: number };

type Say = (message: UpMessage) => void;

const CANCELLED = 'cancelled';
/** The version that was installed last, and is healthy. */
export const RUNS_FACT = 'firmware runs';

/**
 * What a node must not forget, in its book. Invariant: what a message brings about, that it was heard, and what is answered are kept together or not at all.
 */
export class NodeBook {
  readonly #book: FleetBook;
  readonly #name: string;
  readonly #trusted: readonly TrustedKey[];
  readonly #nowMs: () => number;
  /** Those that were read and are signed by whom is trusted; undefined: they are not. */
  readonly #manifests = new Map<string, Manifest | undefined>();
  /** Of what is known; undefined: to be made again. */
  #byInfoHash: ReadonlyMap<InfoHash, readonly Known[]> | undefined;
  /** As the book has it; undefined: to be read again. */
  #known: Map<string, Known> | undefined;

  constructor(book: FleetBook, name: string, trusted: readonly TrustedKey[], nowMs: () => number) {
    this.#book = book;
    this.#name = name;
    this.#trusted = trusted;
    this.#nowMs = nowMs;
  }

  get(id: string): Known | undefined {
    return this.#all().get(id);
  }

  withState(state: NodeState): Known[] {
    return [...this.#all().values()].filter((known) => known.state === state);
  }

  /** The one that is to be given, when the same bytes were distributed more than once. */
  byInfoHash(infoHash: InfoHash): Known | undefined {
    const known = this.allByInfoHash(infoHash);
    return known.find(({ state, isCancelled }) => state === 'whole' && !isCancelled) ?? known[0];
  }

  allByInfoHash(infoHash: InfoHash): readonly Known[] {
    this.#byInfoHash ??= Map.groupBy(this.#all().values(), ({ manifest }) => manifest.infoHash);
    return this.#byInfoHash.get(infoHash) ?? [];
  }

  /** The torrent is wanted here, by a distribution that nobody cancelled and none took the place of. */
  isWanted(infoHash: InfoHash): boolean {
    const isWanted = ({ state, isCancelled }: Known): boolean =>
      !isCancelled && (state === 'taking' || state === 'whole');
    return this.allByInfoHash(infoHash).some(isWanted);
  }

  seedOf(id: string): Buffer | undefined {
    return this.#book.distribution(id)?.seed ?? undefined;
  }

  rateOf(id: string): number | undefined {
    const orders = this.#book.distribution(id)?.orders;
    return orders ? (JSON.parse(orders) as { bytesPerS?: number }).bytesPerS : undefined;
  }

  /** Of the name, the highest that was ever wanted here. */
  lastRev(name: string): number {
    return this.#book.lastRev(name);
  }

  /** A later one of its name is in its place. */
  isObsolete({ name, rev }: Manifest): boolean {
    return this.withState('whole').some(({ manifest }) => manifest.name === name && manifest.rev > rev);
  }

  doneOf(id: string): Done {
    const said = this.#book.target(id, this.#name)?.detail;
    return said ? (JSON.parse(said) as Done) : { ms: 0, amqpBytes: 0, swarmBytes: 0 };
  }

  /** How far this node is with installing it; see Installing. */
  install(id: string): InstallRow | undefined {
    return this.#book.installs.get(id, this.#name);
  }

  installs(): InstallRow[] {
    return this.#book.installs.at(this.#name);
  }

  wasHeard(message: string): boolean {
    return this.#book.wasHeard(message);
  }

  /** All that `work` does and says, unless the message was heard before. Throws when the book takes nothing. */
  settle(message: string | undefined, work: (say: Say) => void): void {
    try {
      this.#book.transaction(() => {
        if (message === undefined || this.#book.isNews(message)) work((said) => this.#say(said));
      });
    } catch (error) {
      // Nothing of it is in the book.
      this.#known = this.#byInfoHash = undefined;
      throw error;
    }
  }

  // ---- within `settle` ----

  take(id: string, manifest: Manifest, { bytes, signature }: SignedManifest, seed: Buffer | undefined): void {
    const { name, rev } = manifest;
    const nowMs = this.#nowMs();
    this.#manifests.set(id, manifest);
    this.#known?.set(id, { id: id as DistributionId, manifest, state: 'taking', isCancelled: false });
    this.#byInfoHash = undefined;
    // The book tells of no more, the newest of them.
    if ((this.#known?.size ?? 0) > NODE_LIMITS.have) this.#known = undefined;
    const times = { createdMs: nowMs, changedMs: nowMs };
    const row = { id, name, rev, manifest: bytes, signature, seed: seed ?? null, source: null, orders: '{}' };
    if (this.#book.putDistribution({ ...row, state: 'taking', why: null, ...times })) return;
    this.#book.setDistribution(id, 'taking', nowMs);
    if (seed) this.#book.setSeed(id, seed);
  }

  putSeed(id: string, seed: Buffer): void {
    this.#book.setSeed(id, seed);
  }

  /** What was in its place before is not any more. Returns what is to be said. */
  whole(id: string, { name, rev }: Manifest, bytes: Omit<Done, 'ms'>): Done {
    const nowMs = this.#nowMs();
    for (const { id: other, manifest } of this.withState('whole'))
      if (manifest.name === name && manifest.rev < rev) this.setState(other as DistributionId, 'replaced');
    this.setState(id, 'whole');
    const since = this.#book.distribution(id)?.createdMs ?? nowMs;
    const done = { ms: Math.max(0, nowMs - since), ...bytes };
    this.#book.putTarget(id, this.#name, nowMs, { state: 'whole', detail: JSON.stringify(done) });
    return done;
  }

  /** What this node may give of it; undefined: as much as goes. */
  setRate(id: string, bytesPerS: number | undefined): void {
    this.#book.setOrders(id, JSON.stringify({ bytesPerS }));
  }

  setState(id: string, state: NodeState, isCancelled = false): void {
    this.#book.setDistribution(id, state, this.#nowMs(), isCancelled ? CANCELLED : null);
    const known = this.#known?.get(id);
    if (known) this.#known?.set(id, { ...known, state, isCancelled });
    this.#byInfoHash = undefined;
  }

  putInstall(id: string, said: Partial<Pick<InstallRow, 'state' | 'why' | 'detail' | 'attempt'>>): void {
    this.#book.installs.put(id, this.#name, this.#nowMs(), said);
  }

  setRuns(version: string): void {
    this.#book.setFact(RUNS_FACT, version);
  }

  forget(id: string): void {
    this.#book.forgetDistribution(id);
    this.#known?.delete(id);
    this.#byInfoHash = undefined;
    this.#manifests.delete(id);
  }

  #say(message: UpMessage): void {
    const { type, contentType, body } = encodeUp(message);
    const distribution = 'id' in message ? message.id : null;
    this.#book.send({ distribution, receiver: keyFrom(this.#name, type), type, contentType, body });
  }

  #all(): Map<string, Known> {
    if (this.#known) return this.#known;
    const all = new Map<string, Known>();
    for (const { id, manifest: bytes, signature, state, why } of this.#book.distributionBriefs(NODE_LIMITS.have)) {
      if (!this.#manifests.has(id)) {
        const opened = openManifest({ bytes, signature }, this.#trusted);
        this.#manifests.set(id, opened.kind === 'ok' ? opened.value : undefined);
      }
      const manifest = this.#manifests.get(id);
      const known = { id: id as DistributionId, state: state as NodeState, isCancelled: why === CANCELLED };
      if (manifest) all.set(id, { ...known, manifest });
    }
    for (const id of this.#manifests.keys()) if (!all.has(id)) this.#manifests.delete(id);
    this.#known = all;
    this.#byInfoHash = undefined;
    return all;
  }
}
