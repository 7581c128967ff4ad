import type { NewPublication } from '#admin/contract-fleet.ts';

/** What stands in the form, as it was typed. */
export type Draft = {
  name: string;
  who: 'all' | 'sites' | 'nodes';
  sites: readonly string[];
  nodes: string;
  isAtNight: boolean;
  from: string;
  until: string;
  rateMBps: string;
  quorum: string;
  days: string;
  kind: 'files' | 'firmware';
  compatible: string;
  version: string;
  waves: string;
  mostFailed: string;
};
/** Where something is wrong, and how the words call it. */
export type DraftFlaw = {
  at: keyof Draft | 'files';
  why:
    | 'nameNeeded'
    | 'siteNeeded'
    | 'nodeNeeded'
    | 'nodeUnknown'
    | 'needed'
    | 'rateWrong'
    | 'quorumWrong'
    | 'daysWrong'
    | 'wavesWrong'
    | 'mostFailedWrong'
    | 'oneBundle';
  /** The node that nobody knows. */
  name?: string;
};

export const EMPTY_DRAFT: Draft = {
  name: '',
  who: 'all',
  sites: [],
  nodes: '',
  isAtNight: false,
  from: '01:00',
  until: '06:00',
  rateMBps: '',
  quorum: '90',
  days: '7',
  kind: 'files',
  compatible: '',
  version: '',
  waves: '',
  mostFailed: '2',
};
const DAY_MS = 86_400_000;

const listed = (text: string): string[] => text.split(/[\s,，、;；]+/).filter((word) => word !== '');
/** As people write it; undefined: it is no number. */
const numberIn = (text: string): number | undefined =>
  /^\d{1,9}([.,]\d{1,3})?$/.test(text.trim()) ? Number(text.trim().replace(',', '.')) : undefined;
const isTime = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$/.test(text);

/** `0, 25, 100` as shares, of which 0 is one node; undefined: it is none. */
export function sharesIn(text: string): number[] | undefined {
  const shares = listed(text.replace(/%/g, ' ')).map(numberIn);
  if (shares.some((share) => share === undefined)) return undefined;
  const rising = (shares as number[]).map((percent) => percent / 100);
  const isRising = rising.every((share, i) => share > (rising[i - 1] ?? -1) && share <= 1);
  return isRising && rising[rising.length - 1] === 1 && rising.length <= 20 ? rising : undefined;
}

/** What is asked of the central, or the first thing that is wrong. `known`: the nodes there are. */
export function publicationOf(
  draft: Draft,
  files: number,
  known: ReadonlySet<string>,
  nowMs: number,
): { ok: true; publication: NewPublication } | { ok: false; flaw: DraftFlaw } {
  const flawed = (at: DraftFlaw['at'], why: DraftFlaw['why'], name?: string) =>
    ({ ok: false, flaw: { at, why, ...(name !== undefined && { name }) } }) as const;
  const name = draft.name.trim();
  if (name === '') return flawed('name', 'nameNeeded');
  const isFirmware = draft.kind === 'firmware';
  if (isFirmware && files !== 1) return flawed('files', 'oneBundle');
  const nodes = listed(draft.nodes);
  if (draft.who === 'sites' && draft.sites.length === 0) return flawed('sites', 'siteNeeded');
  if (draft.who === 'nodes' && nodes.length === 0) return flawed('nodes', 'nodeNeeded');
  const stranger = draft.who === 'nodes' ? nodes.find((node) => !known.has(node)) : undefined;
  if (stranger !== undefined) return flawed('nodes', 'nodeUnknown', stranger);
  if (isFirmware && draft.compatible.trim() === '') return flawed('compatible', 'needed');
  if (isFirmware && draft.version.trim() === '') return flawed('version', 'needed');
  const shares = sharesIn(draft.waves);
  if (isFirmware && draft.waves.trim() !== '' && !shares) return flawed('waves', 'wavesWrong');
  const mostFailed = numberIn(draft.mostFailed);
  if (isFirmware && !(mostFailed !== undefined && mostFailed <= 100)) return flawed('mostFailed', 'mostFailedWrong');
  if (draft.isAtNight && !isTime(draft.from)) return flawed('from', 'needed');
  if (draft.isAtNight && !isTime(draft.until)) return flawed('until', 'needed');
  const rate = draft.rateMBps.trim() === '' ? undefined : (numberIn(draft.rateMBps) ?? 0);
  if (rate !== undefined && !(rate >= 0.001 && rate <= 100_000)) return flawed('rateMBps', 'rateWrong');
  const quorum = numberIn(draft.quorum) ?? 0;
  if (!(quorum >= 1 && quorum <= 100)) return flawed('quorum', 'quorumWrong');
  const days = numberIn(draft.days) ?? 0;
  if (!(days >= 1 && days <= 365)) return flawed('days', 'daysWrong');
  const publication: NewPublication = {
    name,
    kind: draft.kind,
    ...(draft.who === 'sites' && { sites: [...draft.sites] }),
    ...(draft.who === 'nodes' && { nodes: [...new Set(nodes)] }),
    ...(draft.isAtNight && { window: { from: draft.from, until: draft.until } }),
    ...(rate !== undefined && { rateBytesPerS: Math.round(rate * 1e6) }),
    quorum: quorum / 100,
    deadlineMs: Math.round(nowMs + days * DAY_MS),
    ...(isFirmware && { firmware: { compatible: draft.compatible.trim(), version: draft.version.trim() } }),
    ...(isFirmware && shares && { waves: { shares, mostFailed: (mostFailed ?? 0) / 100 } }),
  };
  return { ok: true, publication };
}
