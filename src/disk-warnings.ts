import type { DiskView, Warning } from '#admin/contract.ts';
import { wearWarnings } from '#health/warnings.ts';

/** What a person should do something about, before the disk does. */
export function diskWarnings(
  disks: readonly Pick<DiskView, 'path' | 'state' | 'errors' | 'scrub' | 'health'>[],
): Warning[] {
  return disks.flatMap(({ path, state, errors, scrub, health }) => {
    const warnings: Warning[] = [];
    if (state === 'gone') warnings.push({ code: 'disk-gone', severity: 'bad', detail: { path } });
    if (state === 'failing') warnings.push({ code: 'disk-failing', severity: 'bad', detail: { path, count: errors } });
    const count = scrub?.badPieces ?? 0;
    if (count > 0) warnings.push({ code: 'disk-rots', severity: 'warn', detail: { path, count } });
    return [...warnings, ...(wearWarnings(path, health) as Warning[])];
  });
}
