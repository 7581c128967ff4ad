import { createHash } from 'node:crypto';
import { bug } from '#base/errors.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { merkleRoot } from './merkle.ts';
import type { PieceCheck } from './task-store.ts';

/** What is to be computed of one piece: SHA-1 or SHA-256 of it all, the merkle root of its first `dataBytes`, or several of them. */
export type HashWork = {
  readonly sha1: boolean;
  readonly sha256?: boolean;
  readonly merkle: { readonly leaves: number; readonly dataBytes: number } | undefined;
};
export type Digests = {
  readonly sha1: Uint8Array | undefined;
  readonly sha256?: Uint8Array | undefined;
  readonly root: Uint8Array | undefined;
};

/** The work that tells whether a piece of `lengthBytes` passes. */
export function workOf(checks: readonly PieceCheck[], lengthBytes: number): HashWork {
  const merkle = checks.find((check) => check.kind === 'merkle');
  const has = (kind: PieceCheck['kind']): boolean => checks.some((check) => check.kind === kind);
  const whole = { sha1: has('sha1'), sha256: has('sha256') };
  const kinds = new Set(checks.map(({ kind }) => kind));
  if (checks.length === 0 || checks.length !== kinds.size) bug(`a piece with ${checks.length} checks`);
  if (!merkle) return { ...whole, merkle: undefined };
  const { leaves, dataBytes } = merkle;
  if (dataBytes <= 0 || dataBytes > lengthBytes || Math.ceil(dataBytes / BLOCK_BYTES) > leaves)
    bug(`${dataBytes} bytes of a piece of ${lengthBytes} under ${leaves} leaves`);
  return { ...whole, merkle: { leaves, dataBytes } };
}

/** `parts`: the payload, one part for each block. */
export function digestsOf(parts: readonly Uint8Array[], { sha1, sha256, merkle }: HashWork): Digests {
  return {
    sha1: sha1 ? sumOf(parts, 'sha1') : undefined,
    sha256: sha256 ? sumOf(parts, 'sha256') : undefined,
    root: merkle && merkleRoot(firstBytes(parts, merkle.dataBytes), merkle.leaves),
  };
}

/** 'some': the torrent contradicts itself, no piece can ever pass. */
export function passed(checks: readonly PieceCheck[], digests: Digests): 'all' | 'some' | 'none' {
  const good = checks.filter((check) =>
    check.kind === 'merkle' ? same(check.root, digests.root) : same(check.digest, digests[check.kind]),
  ).length;
  if (good === 0) return 'none';
  return good === checks.length ? 'all' : 'some';
}

const same = (a: Uint8Array, b: Uint8Array | undefined): boolean => b !== undefined && Buffer.compare(a, b) === 0;

function sumOf(parts: readonly Uint8Array[], algorithm: 'sha1' | 'sha256'): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

function firstBytes(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const blocks = Math.ceil(bytes / BLOCK_BYTES);
  return parts.slice(0, blocks).map((part, i) => part.subarray(0, bytes - i * BLOCK_BYTES));
}
