import type { Clock } from '#base/clock.ts';
import type { Random } from '#base/seeded-random.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { BegunLog } from '#store/begun-log.ts';
import { FakeStore, keptKey } from '#store/fake-store.ts';
import type { TaskShape } from '#store/task-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';

const PATH = '/sim';
/** A disk that is "slow" takes at most so long for one access. */
const SLOW_MS = 4_000;
const USUAL_MS = 5;

/** The box's one disk. It outlives the process, and what is wrong with it does. */
export class SimDisk {
  readonly #random: Random;
  #store = new FakeStore(FramedPiece);
  #away = false;
  #slow = false;
  #fails = false;
  /** Pieces whose bytes at rest are not what was written. */
  readonly rotten = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The disk as a new process finds it, on that process's clock. */
  open(clock: Clock): FakeStore<FramedPiece> {
    const { faults } = this.#store;
    this.#away = false;
    this.#store = this.#store.reopened();
    Object.assign(this.#store.faults, faults, { pause: () => this.#pause(clock) });
    this.#spoil();
    return this.#store;
  }

  wasKept(infoHash: InfoHash, piece: PieceIndex): boolean {
    return this.#store.kept.has(keptKey(infoHash, piece));
  }

  /** What lies there, right or wrong. */
  bytesOf(infoHash: InfoHash, piece: PieceIndex): Buffer | undefined {
    return this.#store.diskOf(infoHash).pieces.get(piece);
  }

  /** Pieces that the box uses, by its own account. */
  get lent(): number {
    return this.#store.lent;
  }

  get faults(): FakeStore<FramedPiece>['faults'] {
    return this.#store.faults;
  }

  set fails(on: boolean) {
    this.#fails = on;
    this.#spoil();
  }

  set slow(on: boolean) {
    this.#slow = on;
  }

  plug(what: 'gone' | 'back'): void {
    if ((what === 'gone') === this.#away) return;
    this.#away = what === 'gone';
    this.#spoil();
    this.#store.disk(what);
  }

  forgetMemory(): void {
    this.#store.forgetMemory();
  }

  /** The bytes of one piece change. */
  rot(): void {
    const infoHash = this.#random.pick(this.#store.torrents());
    if (!infoHash) return;
    const piece = this.#random.pick([...this.#store.diskOf(infoHash).pieces.keys()]);
    if (piece === undefined) return;
    this.#store.damage(infoHash, piece);
    this.rotten.add(keptKey(infoHash, piece));
  }

  view() {
    const free = this.#store.faults.full ? 0 : Math.min(this.#store.faults.roomBytes, Number.MAX_SAFE_INTEGER);
    const used = this.#store
      .torrents()
      .flatMap((infoHash) => [...this.#store.diskOf(infoHash).pieces.values()])
      .reduce((sum, bytes) => sum + bytes.length, 0);
    const state: 'good' | 'gone' = this.#away ? 'gone' : 'good';
    return { path: PATH, kind: 'ssd' as const, state, freeBytes: free, usableBytes: free + used };
  }

  /** It is the only disk: while it is away there is no other to write to. */
  #spoil(): void {
    const why = this.#away ? 'ENODEV' : this.#fails ? 'EIO' : undefined;
    this.#store.faults.error = why && Object.assign(new Error(`${why}: the disk`), { code: why });
  }

  async #pause(clock: Clock): Promise<void> {
    const ms = this.#random.unit() * (this.#slow ? SLOW_MS : USUAL_MS);
    await clock.sleep(ms, new AbortController().signal);
  }
}

/** What the box's parts ask of their store, of the fake one on this disk. */
export function storeFor(
  store: FakeStore<FramedPiece>,
  disk: SimDisk,
  begunLog: (infoHash: InfoHash) => BegunLog | undefined,
) {
  const beside = (infoHash: InfoHash) => ({ info: store.info(infoHash), layers: store.layers(infoHash) });
  return {
    task: (shape: TaskShape) => store.task(shape),
    async *onDisk() {
      for (const infoHash of store.torrents()) yield { infoHash, ...beside(infoHash) };
    },
    metainfo: async (infoHash: InfoHash) => {
      await store.faults.pause?.();
      return beside(infoHash);
    },
    begunLog,
    freeBytes: async () => disk.view().freeBytes,
    disks: () => [disk.view()],
    torrentsOn: () => store.torrents(),
  };
}

export type SharedStore = ReturnType<typeof storeFor>;
