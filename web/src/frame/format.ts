export type Language = 'zh-CN' | 'en';

/** A figure and its unit apart, so that a page can set them in two sizes. */
export type Amount = { value: string; unit: string };

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/**
 * 12,345.6: both languages write figures alike. By hand, because a formatter of the browser is slow to make: on an old PC the hundred figures of the
 * overview took longer than all else.
 */
export function grouped(n: number, digits: number): string {
  const [whole = '0', part] = n.toFixed(digits).split('.', 2);
  // Beyond 1e21 a number is written with an exponent: nothing to group.
  const grouped = /^-?\d+$/.test(whole) ? whole.replace(/\B(?=(?:\d{3})+$)/g, ',') : whole;
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** Nothing is lost of what a person entered: 1,234, 12.5, 0.1; three digits behind the point at most. */
export const plain = (n: number): string =>
  grouped(n, Math.min(3, `${Number(n.toFixed(3))}`.split('.')[1]?.length ?? 0));

/** Three figures that count: 1.69, 16.9, 169. */
const threeFigures = (n: number): string => grouped(n, n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2);

function scaled(n: number, smallest: number): Amount {
  const safe = Number.isFinite(n) && n > 0 ? n : 0;
  let unit = smallest;
  let value = safe / 1000 ** smallest;
  // 999.5 would be written 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return { value: unit === smallest ? grouped(value, 0) : threeFigures(value), unit: UNITS[unit] as string };
}

/** Decimal units, as networks and disks are sold in. */
export const bytes = (n: number): Amount => scaled(n, 0);

/** Never below kB/s: bytes per second flicker and mean nothing. */
export function rate(bytesPerS: number): Amount {
  const { value, unit } = scaled(bytesPerS, 1);
  return { value, unit: `${unit}/s` };
}

export const joined = ({ value, unit }: Amount): string => `${value}\u00A0${unit}`;

/** A round rate for an axis: `40 MB/s`, `2.5 MB/s`. */
export function roundRate(bytesPerS: number): string {
  const mega = bytesPerS >= 1e9 ? 3 : bytesPerS >= 1e6 ? 2 : 1;
  return `${Number((bytesPerS / 1000 ** mega).toFixed(1))}\u00A0${UNITS[mega]}/s`;
}

/** Line speeds are sold in Mbit/s, so the same rate is said that way too. */
export function megabits(bytesPerS: number): string {
  const n = Math.max(0, bytesPerS * 8) / 1e6;
  return `${grouped(n, n >= 99.5 ? 0 : 1)}\u00A0Mbit/s`;
}

/** 1000 -> "1 Gbit/s", 100 -> "100 Mbit/s". */
export const portSpeed = (mbps: number): string =>
  mbps >= 1000 ? `${Number((mbps / 1000).toFixed(1))}\u00A0Gbit/s` : `${mbps}\u00A0Mbit/s`;

/** 0..1 as whole percent. Only what is whole says 100, and only nothing says 0. */
export function percent(share: number): string {
  if (!Number.isFinite(share) || share <= 0) return '0\u00A0%';
  if (share >= 1) return '100\u00A0%';
  return `${Math.min(99, Math.max(1, Math.round(share * 100)))}\u00A0%`;
}

/** The clock on the wall, in the reader's zone. */
export function clockTime(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** The two largest parts: `3 d 4 h`. */
export function duration(ms: number, names: { d: string; h: string; min: string; s: string }): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(s / 86_400), names.d],
    [Math.floor(s / 3600) % 24, names.h],
    [Math.floor(s / 60) % 60, names.min],
    [s % 60, names.s],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return `0${names.s}`;
  return parts
    .slice(first, first + 2)
    .filter(([n], i) => i === 0 || n > 0)
    .map(([n, name]) => `${n}${name}`)
    .join('\u00A0');
}
