import type { ClientRow } from '#admin/contract-figures.ts';

export type ClientSort = 'address' | 'connections' | 'torrents' | 'servedBytes' | 'serveRateBytesPerS';

/** Addresses as people count them: 192.168.7.9 before 192.168.7.20. Everything else largest first. */
export function sortedRows(rows: readonly ClientRow[], sort: ClientSort): ClientRow[] {
  const byAddress = (a: ClientRow, b: ClientRow) => a.address.localeCompare(b.address, 'en', { numeric: true });
  if (sort === 'address') return [...rows].sort(byAddress);
  return [...rows].sort((a, b) => b[sort] - a[sort] || byAddress(a, b));
}
