import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { InfoHash } from '#base/units.ts';
import { parseInfoHash } from '#base/units.ts';
import { bad, ok, type Parsed } from '#wire/parsed.ts';
import { LIMITS } from './limits.ts';

/** What a distribution is for: files for whoever wants them, or a bundle that boxes install. */
export type ManifestKind = 'files' | 'firmware';

/**
 * What is distributed, as its publisher signed it. All the rest - names, sizes and the hash of every piece - stands in the seed, which it names by
 * its hash: whoever trusts the manifest trusts every byte.
 */
export type Manifest = {
  readonly v: 1;
  readonly kind: ManifestKind;
  /** What a person calls it; distributions of one name replace one another. */
  readonly name: string;
  /** Rises with each distribution of the same name: an old one is not taken for a new one. */
  readonly rev: number;
  /** Unix time, ms. */
  readonly createdMs: number;
  /** Of all files together. */
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly pieceLength: number;
  readonly infoHash: InfoHash;
  /** SHA-256 of the seed, in hex, and its length in bytes. */
  readonly seedSha256: string;
  readonly seedBytes: number;
  readonly firmware?: Firmware;
};

/** Of a bundle: the device that it is for, and its version. `allowOlder`: it is for those, too, where this version or a later one runs. Signed as all of it, so nobody else can take a device back. */
export type Firmware = { readonly compatible: string; readonly version: string; readonly allowOlder?: boolean };

/** SHA-256 of the manifest's bytes, in hex: the distribution's name everywhere. */
export type DistributionId = string & { readonly brand: 'DistributionId' };

/** A manifest as it travels: the bytes that were signed, and the signature (Ed25519, RFC 8032; 64 bytes). */
export type SignedManifest = { readonly bytes: Buffer; readonly signature: Buffer };

/** A key that a node believes, and for what: firmware needs a key of its own. */
export type TrustedKey = { readonly key: KeyObject; readonly kinds: readonly ManifestKind[] };

/** Signed in front of the manifest, so that a signature over anything else is none over a manifest. */
const PURPOSE = Buffer.from('swarmbox manifest 1\0');

export function idOf(bytes: Uint8Array): DistributionId {
  return createHash('sha256').update(bytes).digest('hex') as DistributionId;
}

/** A private key from its PEM. Throws on one that is no Ed25519 key. */
export const signingKey = (pem: string): KeyObject => ed25519(createPrivateKey(pem));
/** A public key from its PEM. Throws on one that is no Ed25519 key. */
export const verifyingKey = (pem: string): KeyObject => ed25519(createPublicKey(pem));

function ed25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`an Ed25519 key is needed, not ${key.asymmetricKeyType}`);
  return key;
}

export function signManifest(manifest: Manifest, key: KeyObject): SignedManifest {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const read = readManifest(bytes);
  if (read.kind === 'bad') throw new RangeError(`bug: a manifest that nobody would read: ${read.why}`);
  return { bytes, signature: sign(null, signedBytes(bytes), key) };
}

/** The manifest, if one of the keys signed these very bytes and may sign such a thing. Nothing of it is believed before. */
export function openManifest({ bytes, signature }: SignedManifest, trusted: readonly TrustedKey[]): Parsed<Manifest> {
  if (bytes.length > LIMITS.manifestBytes) return bad('the manifest is too large');
  const signers = trusted.filter(({ key }) => verify(null, signedBytes(bytes), key, signature));
  if (signers.length === 0) return bad('nobody that is trusted signed the manifest');
  const read = readManifest(bytes);
  if (read.kind === 'bad') return read;
  const { kind } = read.value;
  return signers.some(({ kinds }) => kinds.includes(kind)) ? read : bad(`the manifest's key may not sign ${kind}`);
}

const signedBytes = (bytes: Uint8Array): Buffer => Buffer.concat([PURPOSE, bytes]);

const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && Number(value) >= least;
const isText = (value: unknown, chars: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= chars && !/\p{Cc}/u.test(value);
const isSha256 = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function readManifest(bytes: Buffer): Parsed<Manifest> {
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch {
    return bad('the manifest is no JSON');
  }
  if (typeof said !== 'object' || said === null) return bad('the manifest is no object');
  if (said.v !== 1) return bad(`the manifest is of version ${String(said.v).slice(0, 20)}, which is not known here`);
  const infoHash = typeof said.infoHash === 'string' ? parseInfoHash(said.infoHash) : undefined;
  const wrong = infoHash === undefined ? 'infoHash' : RULES.find(([field, holds]) => !holds(said[field]))?.[0];
  if (wrong) return bad(`the manifest has no usable ${wrong}`);
  const firmware = said.kind === 'firmware' ? firmwareIn(said.firmware) : undefined;
  if (said.kind === 'firmware' && !firmware) return bad('the manifest does not say which firmware it is');
  const { v, kind, name, rev, createdMs, sizeBytes, fileCount, pieceLength, seedSha256, seedBytes } = said as Manifest;
  const plain = { v, kind, name, rev, createdMs, sizeBytes, fileCount, pieceLength, seedSha256, seedBytes };
  return ok({ ...plain, infoHash: infoHash as InfoHash, ...(firmware && { firmware }) });
}

const RULES: readonly (readonly [keyof Manifest, (value: unknown) => boolean])[] = [
  ['kind', (value) => value === 'files' || value === 'firmware'],
  ['name', (value) => isText(value, LIMITS.nameChars)],
  ['rev', (value) => isCount(value, 1)],
  ['createdMs', (value) => isCount(value, 0)],
  ['sizeBytes', (value) => isCount(value, 1)],
  ['fileCount', (value) => isCount(value, 1)],
  ['pieceLength', (value) => isCount(value, LIMITS.leastPieceBytes) && Number(value) <= LIMITS.mostPieceBytes],
  ['seedSha256', isSha256],
  ['seedBytes', (value) => isCount(value, 1) && Number(value) <= LIMITS.seedBytes],
];

function firmwareIn(said: unknown): Firmware | undefined {
  const { compatible, version, allowOlder } = (said ?? {}) as Record<string, unknown>;
  return isText(compatible, LIMITS.nameChars) && isText(version, LIMITS.nameChars)
    ? { compatible, version, ...(allowOlder === true && { allowOlder }) }
    : undefined;
}
