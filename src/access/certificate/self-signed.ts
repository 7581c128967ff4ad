import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { bits, integer, octets, oid, sequence, set, tagged, time, utf8, yes } from './der.ts';

/** A key and its certificates, PEM. */
export type KeyAndCertificate = { readonly key: string; readonly certificate: string };

const DAY_MS = 86_400_000;
/** Apple's systems take none that is valid for more than 825 days. */
export const VALID_MS = 730 * DAY_MS;
/** Whoever's clock is behind ours must be able to open the page. */
const EARLIER_MS = 2 * DAY_MS;
/** Names and addresses of a certificate. */
const NAMES_MAX = 64;

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** An address as the bytes of a subjectAltName (RFC 5280, section 4.2.1.6). */
export function addressBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip);
  const plain = dotted
    ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`
    : (ip.split('%')[0] as string);
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const gap = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return Buffer.from([...front, ...gap, ...back].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
const pair = (a: string | undefined, b: string | undefined): string => (Number(a) * 256 + Number(b)).toString(16);

const isDnsName = (name: string): boolean =>
  name.length <= 253 &&
  /^(?=.)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(name);

/** What of these can stand in a certificate, each once. */
export const certificateNames = (names: readonly string[]): string[] =>
  [...new Set(names.map((name) => (name.split('%')[0] as string).toLowerCase()))]
    .filter((name) => isIP(name) !== 0 || isDnsName(name))
    .slice(0, NAMES_MAX);

const extension = (id: string, isCritical: boolean, value: Uint8Array): Buffer =>
  sequence(oid(id), ...(isCritical ? [yes()] : []), octets(value));

/** Signed by its own key, ECDSA P-256, for these host names and addresses (RFC 5280). `key`: one that an earlier one had; absent: a new one. */
export function selfSigned(subject: string, names: readonly string[], nowMs: number, key?: string): KeyAndCertificate {
  const privateKey = key ? createPrivateKey(key) : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  // Section 4.2.1.2, method 1: of the bits of the key; an uncompressed P-256 point has 65 bytes, at the end.
  const keyId = createHash('sha1').update(spki.subarray(-65)).digest();
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const name = sequence(set(sequence(oid('2.5.4.3'), utf8(subject.slice(0, 64)))));
  const alternatives = certificateNames(names).map((one) =>
    isIP(one) !== 0 ? tagged(7, addressBytes(one), false) : tagged(2, Buffer.from(one), false),
  );
  const fromMs = nowMs - EARLIER_MS;
  const body = sequence(
    tagged(0, integer(Buffer.from([2])), true),
    integer(serial),
    ECDSA_SHA256,
    name,
    sequence(time(fromMs), time(fromMs + VALID_MS)),
    name,
    spki,
    tagged(
      3,
      sequence(
        // No authority: who trusts it trusts this box alone.
        extension('2.5.29.19', true, sequence()),
        extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7)),
        extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
        extension('2.5.29.14', false, octets(keyId)),
        ...(alternatives.length > 0 ? [extension('2.5.29.17', false, sequence(...alternatives))] : []),
      ),
      true,
    ),
  );
  const whole = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, privateKey)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}
