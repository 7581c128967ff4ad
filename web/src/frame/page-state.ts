import type { BoxSnapshot, RateSample, Totals } from '#admin/contract.ts';
import type { FleetSnapshot } from '#admin/contract-fleet.ts';

/** How much of the rates is kept, back from now. */
export const CHART_MS = 300_000;
/** Samples kept at most: five minutes at two a second, should the box ever send more often. */
const MOST_SAMPLES = 600;

export type Link =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** The figures are old. `retryAtMs` is unset while a new try is under way. Times are the browser's. */
  | { kind: 'lost'; sinceMs: number; retryAtMs?: number };

/** A second of the feed: of a box, or of a fleet's central. */
export type Snapshot = BoxSnapshot | FleetSnapshot;

export type PageState = {
  link: Link;
  snapshot?: Snapshot;
  /** Oldest first, within five minutes. Times are the box's. */
  samples: readonly RateSample[];
};

export type PageEvent =
  | { kind: 'snapshot'; snapshot: Snapshot }
  | { kind: 'history'; samples: readonly RateSample[] }
  | { kind: 'lost'; atMs: number; retryAtMs: number }
  | { kind: 'dialling' };

export const firstState: PageState = { link: { kind: 'connecting' }, samples: [] };

export function next(state: PageState, event: PageEvent): PageState {
  switch (event.kind) {
    case 'snapshot': {
      const { snapshot } = event;
      const samples = 'wan' in snapshot ? withSample(state.samples, sampleOf(snapshot)) : state.samples;
      return { link: { kind: 'live' }, snapshot, samples };
    }
    case 'history': {
      const last = event.samples[event.samples.length - 1]?.[0] ?? Number.NEGATIVE_INFINITY;
      return {
        ...state,
        samples: [...event.samples, ...state.samples.filter((s) => s[0] > last)].slice(-MOST_SAMPLES),
      };
    }
    case 'lost': {
      const sinceMs = state.link.kind === 'lost' ? state.link.sinceMs : event.atMs;
      return { ...state, link: { kind: 'lost', sinceMs, retryAtMs: event.retryAtMs } };
    }
    case 'dialling':
      return state.link.kind === 'lost' ? { ...state, link: { kind: 'lost', sinceMs: state.link.sinceMs } } : state;
  }
}

const sampleOf = ({ nowMs, wan, lan }: BoxSnapshot): RateSample => [nowMs, wan.rxBytesPerS, lan.txBytesPerS];

function withSample(samples: readonly RateSample[], sample: RateSample): readonly RateSample[] {
  const last = samples[samples.length - 1];
  // The box's clock was set back: what came before has no place on the new axis.
  if (last && sample[0] < last[0]) return [sample];
  if (last && sample[0] === last[0]) return samples;
  return [...samples.filter((s) => s[0] >= sample[0] - CHART_MS), sample].slice(-MOST_SAMPLES);
}

/** Of the torrent bytes that clients got, the share that the WAN did not carry; undefined before there were any. */
export function hitShare(totals: Totals): number | undefined {
  const all = totals.servedBytes + totals.passedBytes;
  return all > 0 ? Math.min(1, Math.max(0, totals.savedBytes / all)) : undefined;
}
