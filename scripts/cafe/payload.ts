/** What the seeders have: random files that a seed determines, and the torrent over them (BEP 3, BEP 52). */
import { execFile } from 'node:child_process';
import { createCipheriv, createHash, type Hash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type PayloadFile = { readonly path: string; readonly lengthBytes: number; readonly sha1: string };

export type Payload = {
  readonly name: string;
  /** The directory that holds `name/`. */
  readonly dir: string;
  readonly files: readonly PayloadFile[];
  readonly totalBytes: number;
  readonly torrentPath: string;
  readonly infoHash: string;
  /** All its names of 20 bytes: a hybrid is in two swarms. The first is `infoHash`. */
  readonly ids: readonly string[];
  /** By the torrent's first name; and by its v2 name, where it has one. */
  readonly magnet: string;
  readonly magnet2?: string;
};

export type PayloadOptions = {
  readonly dir: string;
  readonly totalBytes: number;
  readonly pieceBytes: number;
  readonly seed: string;
  readonly trackers: readonly string[];
  /** Default: v1. */
  readonly version?: TorrentVersion;
  /** Nearly all of it in one file: who takes anything of it wants all of it. Default: three quarters in one, a quarter in another. */
  readonly oneBigFile?: boolean;
};

export type TorrentVersion = 'v1' | 'hybrid' | 'v2';

type Bencodable = number | string | Uint8Array | readonly Bencodable[] | { readonly [key: string]: Bencodable };

function bencode(value: Bencodable): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')]);
  const entries = Object.entries(value as Record<string, Bencodable>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([Buffer.from('d'), ...entries.flatMap(([k, v]) => [bencode(k), bencode(v)]), Buffer.from('e')]);
}

/** An endless stream of bytes that look random and are the same for the same seed. */
export class SeededBytes {
  readonly #cipher: ReturnType<typeof createCipheriv>;

  constructor(seed: string) {
    const key = createHash('sha256').update(seed).digest();
    this.#cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16, 32));
  }

  take(bytes: number): Buffer {
    return this.#cipher.update(Buffer.alloc(bytes));
  }
}

/** A big file with a Chinese name, a tiny one and a second big one: lengths that no piece boundary meets. */
function layout({ totalBytes, version, oneBigFile }: PayloadOptions): { path: string[]; lengthBytes: number }[] {
  const readme = 1_234;
  const second = oneBigFile ? 17 : Math.floor(totalBytes / 4) + 17;
  return [
    { path: ['影片', '游戏安装包.bin'], lengthBytes: totalBytes - second - readme },
    { path: ['readme.txt'], lengthBytes: readme },
    { path: ['disc 2', 'data.bin'], lengthBytes: second },
    // v2 gives it no piece and no root.
    ...((version ?? 'v1') === 'v1' ? [] : [{ path: ['空.txt'], lengthBytes: 0 }]),
  ];
}

/** SHA-1 of every whole piece of a stream that runs across file boundaries. */
class PieceHashes {
  readonly #pieceBytes: number;
  readonly #done: Buffer[] = [];
  #hash: Hash = createHash('sha1');
  #filled = 0;

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  update(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#pieceBytes - this.#filled);
      this.#hash.update(part);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pieceBytes) this.#next();
    }
  }

  finish(): Buffer {
    if (this.#filled > 0) this.#next();
    return Buffer.concat(this.#done);
  }

  #next(): void {
    this.#done.push(this.#hash.digest());
    this.#hash = createHash('sha1');
    this.#filled = 0;
  }
}

const CHUNK_BYTES = 1024 * 1024;

export async function makePayload(o: PayloadOptions): Promise<Payload> {
  const name = 'cafe 示例';
  const random = new SeededBytes(o.seed);
  const pieces = new PieceHashes(o.pieceBytes);
  const files: PayloadFile[] = [];
  const version = o.version ?? 'v1';
  const entries = layout(o);
  for (const { path, lengthBytes } of entries) {
    const full = join(o.dir, name, ...path);
    await mkdir(dirname(full), { recursive: true });
    const sha1 = createHash('sha1');
    await using file = await open(full, 'w');
    for (let at = 0; at < lengthBytes; at += CHUNK_BYTES) {
      const chunk = random.take(Math.min(CHUNK_BYTES, lengthBytes - at));
      pieces.update(chunk);
      sha1.update(chunk);
      await file.write(chunk);
    }
    files.push({ path: join(name, ...path), lengthBytes, sha1: sha1.digest('hex') });
  }
  const about = { name, dir: o.dir, files, totalBytes: o.totalBytes, torrentPath: join(o.dir, 'cafe.torrent') };
  if (version !== 'v1') return { ...about, ...(await madeByLibtorrent({ ...o, version }, about)) };
  const info = {
    files: entries.map((f) => ({ length: f.lengthBytes, path: f.path })),
    name,
    'piece length': o.pieceBytes,
    pieces: pieces.finish(),
  };
  const infoHash = createHash('sha1').update(bencode(info)).digest('hex');
  // One tier a tracker (BEP 12): a client asks the first that answers.
  const torrent = { announce: o.trackers[0] ?? '', 'announce-list': o.trackers.map((t) => [t]), info };
  await writeFile(about.torrentPath, bencode(torrent));
  return { ...about, infoHash, ids: [infoHash], magnet: magnetTo(`btih:${infoHash}`, o.trackers) };
}

const magnetTo = (urn: string, trackers: readonly string[]): string =>
  `magnet:?xt=urn:${urn}${trackers.map((t) => `&tr=${encodeURIComponent(t)}`).join('')}`;

const MAKE_TORRENT = fileURLToPath(new URL('./make-torrent.py', import.meta.url));

/** The torrent over what lies in `dir/name`: v2, or hybrid. */
export async function madeByLibtorrent(
  { dir, pieceBytes, version, trackers }: Pick<PayloadOptions, 'dir' | 'pieceBytes' | 'version' | 'trackers'>,
  { name, torrentPath }: Pick<Payload, 'name' | 'torrentPath'>,
): Promise<Pick<Payload, 'infoHash' | 'ids' | 'magnet' | 'magnet2'>> {
  const order = JSON.stringify({ dir, name, pieceBytes, version, trackers, out: torrentPath });
  const { stdout } = await promisify(execFile)('/usr/bin/python3', [MAKE_TORRENT, order]);
  const { v1, v2 } = JSON.parse(stdout) as { v1: string; v2: string };
  const magnet2 = magnetTo(`btmh:1220${v2}`, trackers);
  const ids = [...(v1 ? [v1] : []), v2.slice(0, 40)];
  const magnet = v1 ? magnetTo(`btih:${v1}`, trackers) : magnet2;
  return { infoHash: ids[0] as string, ids, magnet, magnet2 };
}

/** The paths under `dir` that are absent or differ; empty when all is well. */
export async function wrongFiles(payload: Payload, dir: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const file of payload.files) {
    const sha1 = await fileSha1(join(dir, file.path)).catch(() => undefined);
    if (sha1 !== file.sha1) wrong.push(file.path);
  }
  return wrong;
}

async function fileSha1(path: string): Promise<string> {
  const hash = createHash('sha1');
  await using file = await open(path);
  for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
