import { HEALTH_LIMITS } from './limits.ts';

/**
 * What a disk calls itself, made fit for a log and a page. Its names are ASCII (ATA8-ACS 3.4.9, NVMe 1.4 1.5): whatever else a firmware says,
 * control characters and direction marks among them, becomes a question mark. Undefined when nothing is left.
 */
export function printable(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const seen = text.slice(0, 4 * HEALTH_LIMITS.firmwareChars).trim();
  const clean = seen.replace(/\s+/g, ' ').replace(/[^ -~]/g, '?');
  return clean.slice(0, HEALTH_LIMITS.firmwareChars).trim() || undefined;
}
