import { signal } from '@preact/signals';
import type { SessionView } from '#admin/contract-access.ts';
import type { Right } from '#admin/contract-common.ts';

/** Who looks at the page; undefined until the box said so. */
export const session = signal<SessionView | undefined>(undefined);

const RANK: Record<Right, number> = { look: 1, operate: 2, administer: 3 };

export const includes = (right: Right | undefined, wanted: Right | 'anyone'): boolean =>
  wanted === 'anyone' || (right !== undefined && RANK[right] >= RANK[wanted]);

/** Whether whoever looks at the page may do this. The box checks again. */
export const may = (wanted: Right | 'anyone'): boolean => includes(session.value?.right, wanted);
