import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ACCESS_LIMITS } from '../limits.ts';
import { isRefusal, type Refusal, refusal } from '../refusal.ts';
import type { KeyAndCertificate } from './self-signed.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,32768}-----END CERTIFICATE-----/g;

const bad = (path: 'certificate' | 'key', code: string, text: string): Refusal =>
  refusal('invalid', text, { fields: [{ path, code }] });

/** What somebody put in, as it is to be used, if it can be. Nothing but the certificates and the key is kept of the text. */
export function ownCertificate(pem: KeyAndCertificate, nowMs: number): KeyAndCertificate | Refusal {
  if (pem.certificate.length > ACCESS_LIMITS.certificateChars)
    return bad('certificate', 'too-long', 'The certificate is too long.');
  if (pem.key.length > ACCESS_LIMITS.keyChars) return bad('key', 'too-long', 'The key is too long.');
  const chain = chainOf(pem.certificate);
  if (isRefusal(chain)) return chain;
  const key = keyOf(pem.key);
  if (isRefusal(key)) return key;
  const [leaf] = chain as [X509Certificate];
  if (!leaf.checkPrivateKey(key))
    return bad('key', 'conflict', 'The key is not the key of the certificate; its own comes first.');
  if (leaf.validToDate.getTime() <= nowMs)
    return bad('certificate', 'expired', `The certificate ended on ${leaf.validToDate.toISOString().slice(0, 10)}.`);
  const whole = {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: chain
      .map((one) => one.toString().trimEnd())
      .join('\n')
      .concat('\n'),
  };
  try {
    createSecureContext({ key: whole.key, cert: whole.certificate, minVersion: 'TLSv1.2' });
  } catch {
    return bad(
      'certificate',
      'wrong-format',
      'TLS cannot be spoken with this: a longer key or a newer signature is needed.',
    );
  }
  return whole;
}

function chainOf(text: string): X509Certificate[] | Refusal {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) return bad('certificate', 'wrong-format', 'This is no certificate in PEM.');
  if (blocks.length > ACCESS_LIMITS.chain)
    return bad('certificate', 'too-many', `A chain has at most ${ACCESS_LIMITS.chain} certificates.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return bad('certificate', 'wrong-format', 'The certificate cannot be read.');
  }
}

function keyOf(text: string): KeyObject | Refusal {
  try {
    const key = createPrivateKey({ key: text, format: 'pem' });
    if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec') return key;
    return bad('key', 'wrong-type', 'A key is RSA or EC: browsers take no other.');
  } catch {
    return bad('key', 'wrong-format', 'This is no private key in PEM, or it has a passphrase: take that off first.');
  }
}
