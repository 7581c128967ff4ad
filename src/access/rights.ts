/** Each includes the one before. See Right of the admin contract, which is this. */
export type Right = 'look' | 'operate' | 'administer';

export const RIGHTS: readonly Right[] = ['look', 'operate', 'administer'];

/** Whether who has `have` may do what needs `wanted`. */
export const isEnough = (have: Right | undefined, wanted: Right): boolean =>
  have !== undefined && RIGHTS.indexOf(have) >= RIGHTS.indexOf(wanted);

/** The smaller of two. */
export const lesser = (a: Right, b: Right): Right => (isEnough(a, b) ? b : a);
