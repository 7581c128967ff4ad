import type { InfoHash } from '#base/units.ts';
import type { ClientDay } from '#index/client-days.ts';
import { midnight } from './grid.ts';
import { CLIENT_FIGURES } from './limits.ts';

/** `keepDays`: today is one of them. */
export type ClientHistorySettings = { readonly enabled: boolean; readonly keepDays: number };

export type ClientHistoryWorld = {
  nowMs(): number;
  /** See ClientDays of the index, which is this. */
  readonly rows: {
    readonly oldestS: number | undefined;
    add(rows: readonly ClientDay[]): boolean;
    of(address: string): ClientDay[];
    forgetOutside(fromS: number, untilS: number): boolean;
    forget(address?: string): boolean;
  };
  /** Empty when it is not known. */
  nameOf(infoHash: InfoHash): string;
};

/** See ClientHistory of the admin contract, which is this. */
export type ClientHistoryView = {
  address: string;
  days: { dayMs: number; servedBytes: number; torrents: number }[];
  torrents: { infoHash: string; name: string; servedBytes: number; lastAtMs: number }[];
};

type Waiting = { readonly address: string; readonly infoHash: InfoHash; servedBytes: number; lastMs: number };

/**
 * Who was given what, day by day, where the operator wants to know. Switched off, nothing more is noted, and what waits is not written; what is
 * kept goes when it is old, or when it is told to.
 */
export class ClientHistory {
  readonly #world: ClientHistoryWorld;
  #settings: ClientHistorySettings;
  #waiting = new Map<string, Waiting>();
  #writes = 0;

  constructor(settings: ClientHistorySettings, world: ClientHistoryWorld) {
    this.#settings = settings;
    this.#world = world;
  }

  setSettings(settings: ClientHistorySettings): void {
    this.#settings = settings;
    if (!settings.enabled) this.#waiting.clear();
  }

  get isOn(): boolean {
    return this.#settings.enabled;
  }

  get view(): { on: boolean; keepDays: number; oldestAtMs?: number } {
    const { oldestS } = this.#world.rows;
    const { enabled, keepDays } = this.#settings;
    return { on: enabled, keepDays, ...(oldestS !== undefined && { oldestAtMs: oldestS * 1000 }) };
  }

  /** Called several thousand times a second. */
  note(address: string, infoHash: InfoHash, bytes: number): void {
    if (!this.#settings.enabled) return;
    const key = `${address} ${infoHash}`;
    const nowMs = this.#world.nowMs();
    const known = this.#waiting.get(key);
    if (known) {
      known.servedBytes += bytes;
      known.lastMs = nowMs;
    } else if (this.#waiting.size < CLIENT_FIGURES.waiting)
      this.#waiting.set(key, { address, infoHash, servedBytes: bytes, lastMs: nowMs });
  }

  /** Once a minute: what waits is written, what is too old goes. */
  write(): void {
    const nowMs = this.#world.nowMs();
    this.#writes++;
    if (this.#waiting.size > 0 && this.#world.rows.add(this.#rows())) this.#waiting.clear();
    if (this.#writes < CLIENT_FIGURES.writesBeforeForgetting) return;
    const from = midnight(nowMs, 1 - Math.max(1, this.#settings.keepDays));
    // A day ahead may be today in a time zone that it was until now.
    this.#world.rows.forgetOutside(Math.floor(from / 1000), Math.ceil(midnight(nowMs, 1) / 1000));
  }

  of(address: string): ClientHistoryView {
    const days = new Map<number, { dayMs: number; servedBytes: number; torrents: number }>();
    const torrents = new Map<InfoHash, { servedBytes: number; lastAtMs: number }>();
    for (const { dayS, infoHash, servedBytes, lastS } of this.#all(address)) {
      const day = days.get(dayS) ?? { dayMs: dayS * 1000, servedBytes: 0, torrents: 0 };
      days.set(dayS, { ...day, servedBytes: day.servedBytes + servedBytes, torrents: day.torrents + 1 });
      const known = torrents.get(infoHash);
      torrents.set(infoHash, {
        servedBytes: (known?.servedBytes ?? 0) + servedBytes,
        lastAtMs: Math.max(known?.lastAtMs ?? 0, lastS * 1000),
      });
    }
    return {
      address,
      days: [...days.values()].sort((a, b) => b.dayMs - a.dayMs),
      torrents: [...torrents]
        .sort(([, a], [, b]) => b.lastAtMs - a.lastAtMs || b.servedBytes - a.servedBytes)
        .slice(0, CLIENT_FIGURES.torrents)
        .map(([infoHash, figures]) => ({ infoHash, name: this.#world.nameOf(infoHash), ...figures })),
    };
  }

  /** What is known of one machine, or all. False: the disk did not take it. */
  forget(address?: string): boolean {
    for (const [key, waiting] of this.#waiting)
      if (address === undefined || waiting.address === address) this.#waiting.delete(key);
    return this.#world.rows.forget(address);
  }

  /** What is kept and what waits, a row for each day and torrent. */
  #all(address: string): ClientDay[] {
    const rows = new Map(this.#world.rows.of(address).map((row) => [`${row.dayS} ${row.infoHash}`, row]));
    for (const row of this.#rows()) {
      if (row.address !== address) continue;
      const key = `${row.dayS} ${row.infoHash}`;
      const known = rows.get(key);
      rows.set(key, { ...row, servedBytes: row.servedBytes + (known?.servedBytes ?? 0) });
    }
    return [...rows.values()];
  }

  #rows(): ClientDay[] {
    return [...this.#waiting.values()].map(({ address, infoHash, servedBytes, lastMs }) => ({
      dayS: Math.floor(midnight(lastMs) / 1000),
      address,
      infoHash,
      servedBytes,
      lastS: Math.floor(lastMs / 1000),
    }));
  }
}
