/** Modules of quiet zone around a QR code: ISO/IEC 18004 asks for four. */
const QUIET = 4;
/** A version 40 code has 177 modules on a side; more is no QR code. */
const SIDE_MAX = 177;

export type QrPicture = { readonly side: number; readonly path: string };

/** Rows of `0` and `1` as one SVG path, each run of dark modules a rectangle; undefined for what is no square of them. */
export function qrPicture(rows: readonly string[]): QrPicture | undefined {
  const side = rows.length;
  if (side === 0 || side > SIDE_MAX || rows.some((row) => row.length !== side || /[^01]/.test(row))) return undefined;
  const path = rows
    .map((row, y) =>
      [...row.matchAll(/1+/g)]
        .map((run) => `M${run.index + QUIET} ${y + QUIET}h${run[0].length}v1h-${run[0].length}z`)
        .join(''),
    )
    .join('');
  return { side: side + 2 * QUIET, path };
}

/** A secret in fours, as it is typed by hand. */
export const inFours = (secret: string): string => secret.replace(/(.{4})(?=.)/g, '$1 ');
