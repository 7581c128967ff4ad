import type { DistributionRow, FleetBook, TargetRow } from '#index/fleet-book.ts';
import type { InstallRow, RolloutRow } from '#index/fleet-installs.ts';
import type { DistributionId, Manifest } from '../manifest.ts';

export type TargetView = TargetRow & { readonly install?: InstallRow };
export type DistributionView = Omit<DistributionRow, 'seed'> & {
  readonly targets: readonly TargetView[];
  /** Of firmware. */
  readonly rollout?: RolloutRow;
};

/** All distributions, newest first, and how far everybody is with each. */
export function distributionsIn(book: FleetBook): DistributionView[] {
  return book.distributionBriefs().map((row) => {
    const targets = book.targets(row.id);
    const rollout = book.installs.rollout(row.id);
    if (!rollout) return { ...row, targets };
    const installs = new Map(book.installs.of(row.id).map((install) => [install.node, install]));
    const views = targets.map((target) => {
      const install = installs.get(target.node);
      return install ? { ...target, install } : target;
    });
    return { ...row, targets: views, rollout };
  });
}

/** The last revision of the name, when it is the same byte for byte and was not cancelled. */
export function sameIn(book: FleetBook, manifest: Manifest): DistributionId | undefined {
  const rev = book.lastRev(manifest.name);
  const last = book.distributionBriefs().find((row) => row.name === manifest.name && row.rev === rev);
  if (!last || last.state === 'cancelled') return undefined;
  const isSame = contentOf(JSON.parse(last.manifest.toString('utf8')) as Manifest) === contentOf(manifest);
  return isSame ? (last.id as DistributionId) : undefined;
}

const contentOf = ({ infoHash, kind, firmware }: Manifest): string => JSON.stringify([infoHash, kind, firmware]);
