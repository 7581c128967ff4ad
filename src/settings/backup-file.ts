import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Given } from './history.ts';

/** What a backup holds. `secrets`: accounts, tokens, keys, as whoever knows them wrote them down. */
export type BackupContent = {
  readonly settings: Given;
  readonly orders: readonly unknown[];
  /** Of single torrents, as whoever keeps them wrote them down. */
  readonly decisions?: string;
  readonly secrets?: string;
};

export type OpenedBackup =
  /** `isLocked`: there are secrets in it, and no passphrase was given. */
  | ({ readonly kind: 'opened'; readonly isLocked: boolean } & BackupContent)
  | { readonly kind: 'refused'; readonly why: 'not-a-backup' | 'wrong-passphrase'; readonly text: string };

const KIND = 'swarmbox-backup';
const VERSION = 1;
/** Of a backup as text, in characters. Three lists of 100,000 info-hashes of 64 digits are 20 million. */
const BACKUP_CHARACTERS_MAX = 33_554_432;

/** RFC 7914; some 64 MiB and a fifth of a second on a small box for each guess. Fixed by the version: a file cannot ask for more work. */
const SCRYPT = { r: 8, p: 1, maxmem: 160 << 20 } as const;
const SCRYPT_N = 1 << 16;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** NIST SP 800-38D: 96 bits, and a key of its own for each file, so that no pair comes twice. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

const keyOf = (passphrase: string, salt: Buffer, N: number): Promise<Buffer> =>
  (promisify(scrypt) as (p: string, s: Buffer, n: number, o: typeof SCRYPT & { N: number }) => Promise<Buffer>)(
    passphrase.normalize('NFC'),
    salt,
    KEY_BYTES,
    { ...SCRYPT, N },
  );

type Plain = {
  readonly kind: typeof KIND;
  readonly version: number;
  readonly madeAtMs: number;
  readonly box: string;
  readonly settings: Given;
  readonly orders: readonly unknown[];
  readonly decisions?: string;
};
type Locked = { readonly salt: string; readonly iv: string; readonly tag: string; readonly data: string };

const digestOf = (plain: Plain): string => createHash('sha256').update(JSON.stringify(plain)).digest('base64');

/** `keyCost`: N of scrypt, where a guess is not to cost what it costs a stranger. */
type Making = { passphrase?: string | undefined; madeAtMs: number; box: string; keyCost?: number | undefined };

/** One file as text. Without a passphrase no secret comes into it. `box`: the version that made it. */
export async function makeBackup(
  { settings, orders, decisions, secrets }: BackupContent,
  { passphrase, madeAtMs, box, keyCost }: Making,
): Promise<string> {
  const lists = { orders, ...(decisions !== undefined && { decisions }) };
  const plain: Plain = { kind: KIND, version: VERSION, madeAtMs, box, settings, ...lists };
  const digest = digestOf(plain);
  const locked =
    passphrase !== undefined && secrets !== undefined ? await lock(secrets, passphrase, digest, keyCost) : undefined;
  return `${JSON.stringify({ ...plain, digest, ...(locked && { locked }) })}\n`;
}

/** The digest is sealed with them, so that nobody puts the secrets of one backup beside the settings of another. */
async function lock(secrets: string, passphrase: string, digest: string, keyCost = SCRYPT_N): Promise<Locked> {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt, keyCost), iv).setAAD(Buffer.from(digest));
  const data = Buffer.concat([cipher.update(secrets, 'utf8'), cipher.final()]);
  const text = (bytes: Buffer) => bytes.toString('base64');
  return { salt: text(salt), iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) };
}

const refused = (why: 'not-a-backup' | 'wrong-passphrase', text: string): OpenedBackup => ({
  kind: 'refused',
  why,
  text,
});

/** Reads what anybody may have made. Nothing of it is used where it is not whole. */
export async function openBackup(
  text: string,
  passphrase: string | undefined,
  keyCost = SCRYPT_N,
): Promise<OpenedBackup> {
  const read = readPlain(text);
  if (typeof read === 'string') return refused('not-a-backup', read);
  const { plain, digest, locked } = read;
  const { settings, orders, decisions } = plain;
  const opened = { kind: 'opened', settings, orders, ...(decisions !== undefined && { decisions }) } as const;
  if (locked === undefined || passphrase === undefined) return { ...opened, isLocked: locked !== undefined };
  const parts = bytesOf(locked);
  if (!parts) return refused('not-a-backup', 'The encrypted part of the file is damaged.');
  try {
    const key = await keyOf(passphrase, parts.salt, keyCost);
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', key, parts.iv, options).setAAD(Buffer.from(digest));
    decipher.setAuthTag(parts.tag);
    const secrets = Buffer.concat([decipher.update(parts.data), decipher.final()]).toString('utf8');
    return { ...opened, isLocked: false, secrets };
  } catch {
    return refused('wrong-passphrase', 'The passphrase is not the one that the backup was made with.');
  }
}

function readPlain(text: string): { plain: Plain; digest: string; locked: unknown } | string {
  if (text.length > BACKUP_CHARACTERS_MAX) return 'The file is larger than any backup.';
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(text);
  } catch {
    return 'The file is not a backup of a box, or a part of it is missing.';
  }
  if (typeof file !== 'object' || file === null || file.kind !== KIND) return 'The file is not a backup of a box.';
  if (Number(file.version) > VERSION)
    return `The backup was made by a newer version (${String(file.box).slice(0, 40)}): update this box first.`;
  const { digest, locked, ...plain } = file as unknown as Plain & { digest: unknown; locked?: unknown };
  if (typeof digest !== 'string' || digest !== digestOf(plain))
    return 'The file was changed after it was made, or is damaged.';
  const { settings, orders, decisions } = plain;
  const hasSettings = typeof settings === 'object' && settings !== null && !Array.isArray(settings);
  const isWhole = hasSettings && Array.isArray(orders) && (decisions === undefined || typeof decisions === 'string');
  return isWhole && plain.version === VERSION ? { plain, digest, locked } : 'The file is not a whole backup.';
}

function bytesOf(locked: unknown): Record<keyof Locked, Buffer> | undefined {
  const { salt, iv, tag, data } = (locked ?? {}) as Record<string, unknown>;
  const texts = [salt, iv, tag, data];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  const [s, i, t, d] = texts.map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer, Buffer, Buffer];
  if (s.length !== SALT_BYTES || i.length !== IV_BYTES || t.length !== TAG_BYTES) return undefined;
  return { salt: s, iv: i, tag: t, data: d };
}
