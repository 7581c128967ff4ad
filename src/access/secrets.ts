import { type AccessData, parseAccess } from './access-data.ts';
import type { Certificates } from './certificate/certificates.ts';
import type { KeyAndCertificate } from './certificate/self-signed.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Register } from './register.ts';

/** Accounts, tokens and the operator's own certificate, as a backup has them inside what it encrypts. */
type Secrets = { readonly version: 1; readonly access: AccessData; readonly certificate?: KeyAndCertificate };

export function exportSecrets(access: AccessData, certificate: KeyAndCertificate | undefined): string {
  const secrets: Secrets = { version: 1, access, ...(certificate && { certificate }) };
  return JSON.stringify(secrets);
}

/** Why they cannot be restored; undefined: they can. */
export function flawOf(text: string): string | undefined {
  const secrets = parseSecrets(text);
  if (!secrets) return 'they cannot be read';
  const access = parseAccess(JSON.stringify(secrets.access));
  return 'damaged' in access ? access.damaged : undefined;
}

/** The certificate last: one that has ended since is no reason to let nobody in. */
export async function importSecrets(
  text: string,
  register: Register,
  certificates: Certificates,
  nowMs: number,
): Promise<Refusal | undefined> {
  const secrets = parseSecrets(text);
  if (!secrets) return refusal('not-a-backup', 'The accounts of this backup cannot be read.');
  const access = parseAccess(JSON.stringify(secrets.access));
  if ('damaged' in access)
    return refusal('not-a-backup', `The accounts of this backup cannot be read: ${access.damaged}.`);
  const refused = await register.replace(access, nowMs);
  if (refused) return refused;
  if (secrets.certificate) await certificates.useOwn(secrets.certificate);
  return undefined;
}

function parseSecrets(text: string): Secrets | undefined {
  try {
    const value = JSON.parse(text) as Partial<Secrets> | null;
    if (value?.version !== 1 || typeof value.access !== 'object') return undefined;
    const { certificate } = value;
    const isPair = typeof certificate?.key === 'string' && typeof certificate.certificate === 'string';
    return certificate === undefined || isPair ? (value as Secrets) : undefined;
  } catch {
    return undefined;
  }
}
