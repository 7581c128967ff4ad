import { X509Certificate } from 'node:crypto';
import { spelt } from '#base/endpoint.ts';

/** What a person reads of a certificate, as browsers show it. */
export type CertificateFacts = {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly validFromMs: number;
  readonly validUntilMs: number;
  /** SHA-256, in pairs of hex digits with colons. */
  readonly fingerprint: string;
};

export function certificateFacts(pem: string): CertificateFacts {
  const { subject, issuer, subjectAltName, validFromDate, validToDate, fingerprint256 } = new X509Certificate(pem);
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names: (subjectAltName ?? '')
      .split(', ')
      .map((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1])
      .filter((name) => name !== undefined)
      .map((name) => spelt(name) ?? name)
      .slice(0, 100),
    validFromMs: validFromDate.getTime(),
    validUntilMs: validToDate.getTime(),
    fingerprint: fingerprint256,
  };
}

const oneLine = (name: string): string => name.replaceAll('\n', ', ').slice(0, 500);
