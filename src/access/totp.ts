import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { base32, fromBase32 } from './base32.ts';

/** RFC 6238 with what every authenticator app takes for granted: SHA-1, six digits, steps of 30 s from 1970. */
const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps before and after now that count: a phone's clock is off, and typing takes a while. */
const SKEW_STEPS = 1;

export const newTotpSecret = (): string => base32(randomBytes(20));

/** True of what `newTotpSecret` makes. */
export const isTotpSecret = (text: string): boolean => /^[A-Z2-7]{32}$/.test(text);

/** RFC 4226, section 5.3. */
export function hotp(key: Uint8Array, counter: number): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', key).update(message).digest();
  const at = (mac[mac.length - 1] as number) & 0xf;
  return String((mac.readUInt32BE(at) & 0x7fff_ffff) % 10 ** DIGITS).padStart(DIGITS, '0');
}

export const stepAt = (nowMs: number): number => Math.floor(nowMs / STEP_MS);

/**
 * The step whose code this is, or undefined. A step up to `usedStep` was used before: whoever looked over a shoulder cannot use it again
 * (RFC 6238, section 5.2).
 */
export function stepOfCode(secret: string, code: string, nowMs: number, usedStep = -1): number | undefined {
  const key = fromBase32(secret);
  const given = Buffer.from(code.replaceAll(/\s/g, ''));
  if (!key || given.length !== DIGITS) return undefined;
  const now = stepAt(nowMs);
  let found: number | undefined;
  // All of them are tried, whichever fits: how long it takes tells nothing.
  for (let step = now - SKEW_STEPS; step <= now + SKEW_STEPS; step++)
    if (step >= 0 && timingSafeEqual(Buffer.from(hotp(key, step)), given) && step > usedStep) found ??= step;
  return found;
}

/** Characters of the box's name that an app shows: with more, the QR code would be too large for a phone. */
const BOX_CHARS = 20;

/**
 * What an app reads from the QR code, at most 160 characters. The box's name tells apart the accounts that one phone has on several boxes.
 * Algorithm, digits and period are what apps take when nothing is said.
 */
export function otpauthUri(secret: string, account: string, box: string): string {
  const plain = box.replace(/[^A-Za-z0-9.-]/g, '').slice(0, BOX_CHARS);
  const issuer = encodeURIComponent(plain === '' ? 'Swarmbox' : `Swarmbox ${plain}`);
  return `otpauth://totp/${issuer}:${encodeURIComponent(account)}?secret=${secret}&issuer=${issuer}`;
}
