/** What was fetched today, and how much of what was fetched ahead of any client nobody has taken yet. */
type Kept = {
  readonly day: string;
  readonly dayBytes: number;
  readonly dayPrefillBytes: number;
  readonly recentBytes: number;
  readonly untakenBytes: number;
};

/** As if so much had been fetched before: the first torrents that are fetched ahead have nothing yet that they could be a share of. */
const FIRST_BYTES = 1 << 30;

const dayOf = (now: Date): string => `${now.getFullYear()}-${now.getMonth() + 1}-${now.getDate()}`;
const isCount = (v: unknown): v is number => typeof v === 'number' && v >= 0;

/** The uplink's books. Pure; `text` is what outlives the process. A new day begins with none fetched, and what it knows of waste counts half. */
export class UplinkAccount {
  #day: string;
  #dayBytes = 0;
  #dayPrefillBytes = 0;
  #recentBytes = 0;
  #untakenBytes = 0;

  /** `text` of an earlier run; anything else begins anew. */
  constructor(text: string | undefined, now: Date) {
    this.#day = dayOf(now);
    const kept = parse(text);
    if (kept)
      ({
        day: this.#day,
        dayBytes: this.#dayBytes,
        dayPrefillBytes: this.#dayPrefillBytes,
        recentBytes: this.#recentBytes,
        untakenBytes: this.#untakenBytes,
      } = kept);
    this.#turn(now);
  }

  get text(): string {
    const kept: Kept = {
      day: this.#day,
      dayBytes: this.#dayBytes,
      dayPrefillBytes: this.#dayPrefillBytes,
      recentBytes: this.#recentBytes,
      untakenBytes: this.#untakenBytes,
    };
    return JSON.stringify(kept);
  }

  dayBytes(now: Date): number {
    this.#turn(now);
    return this.#dayBytes;
  }

  dayPrefillBytes(now: Date): number {
    this.#turn(now);
    return this.#dayPrefillBytes;
  }

  fetched(bytes: number, now: Date): void {
    this.#turn(now);
    this.#dayBytes += bytes;
    this.#recentBytes += bytes;
  }

  /** Of what was fetched, so much was ordered by the operator before anybody asked: no waste, and nothing that waste is a share of. */
  prefilled(bytes: number, now: Date): void {
    this.#turn(now);
    this.#dayPrefillBytes += bytes;
    this.#recentBytes = Math.max(0, this.#recentBytes - bytes);
  }

  /** Bytes fetched while no client was there; less than nothing when one takes them. */
  untaken(bytes: number): void {
    this.#untakenBytes = Math.max(0, this.#untakenBytes + bytes);
  }

  /** More of it is waste than the share. */
  wastes(share: number): boolean {
    return this.#untakenBytes > share * (FIRST_BYTES + this.#recentBytes);
  }

  #turn(now: Date): void {
    const day = dayOf(now);
    if (day === this.#day) return;
    this.#day = day;
    this.#dayBytes = 0;
    this.#dayPrefillBytes = 0;
    this.#recentBytes /= 2;
    this.#untakenBytes /= 2;
  }
}

function parse(text: string | undefined): Kept | undefined {
  try {
    const kept = JSON.parse(text ?? '') as Partial<Kept> | null;
    const { day, dayBytes, dayPrefillBytes = 0, recentBytes, untakenBytes } = kept ?? {};
    const isWhole = typeof day === 'string' && [dayBytes, dayPrefillBytes, recentBytes, untakenBytes].every(isCount);
    return isWhole ? ({ ...kept, dayPrefillBytes } as Kept) : undefined;
  } catch {
    return undefined;
  }
}
