import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { writeAll } from '#base/whole-io.ts';
import type { FleetBook } from '#index/fleet-book.ts';
import { type Publication, PublishError } from '../central/publishing.ts';
import type { Orders } from '../config-types.ts';
import { CONSOLE_LIMITS } from './limits.ts';
import { laidOut } from './upload-names.ts';

export type UploadsWorld = {
  readonly dataDir: string;
  readonly book: Pick<FleetBook, 'sources' | 'distribution'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  publish(publication: Publication, orders: Orders): Promise<string>;
  /** Of the disk, for tests. */
  freeBytes?(): Promise<number>;
};

/** See FleetUpload of the admin contract. */
export type UploadView = {
  readonly id: string;
  readonly state: 'receiving' | 'reading' | 'published' | 'failed';
  readonly bytes: number;
  readonly receivedBytes: number;
  readonly file: number;
  readonly from: number;
  readonly distribution?: string;
  readonly why?: string;
};
export type UploadDeclined = {
  readonly kind: 'declined';
  readonly why: 'not-found' | 'invalid' | 'conflict' | 'too-many' | 'too-large' | 'disk-full' | 'failed';
  readonly text: string;
  /** In the list of files. */
  readonly fields?: readonly { readonly path: string; readonly code: string }[];
};
export type UploadAnswer = { readonly kind: 'ok'; readonly upload: UploadView } | UploadDeclined;

type File = { readonly path: readonly string[]; readonly bytes: number };
type Upload = {
  readonly id: string;
  readonly folder: string;
  readonly root: string;
  readonly files: readonly File[];
  readonly bytes: number;
  state: UploadView['state'];
  /** All files before this one are whole, and so many bytes of it are on the disk. */
  file: number;
  from: number;
  receivedBytes: number;
  touchedMs: number;
  distribution?: string;
  why?: string;
  /** The part that is being written. */
  writing?: { readonly ending: AbortController; readonly done: Promise<unknown> };
};

const declined = (why: UploadDeclined['why'], text: string, fields?: UploadDeclined['fields']): UploadDeclined => ({
  kind: 'declined',
  why,
  text,
  ...(fields && { fields }),
});

/**
 * Files that a browser sends, on their way to be published: one after the other, each from where it broke off, straight to the disk. What is half here lies below `uploads`, what was published
 * below `originals`.
 * Invariant: nothing is written but below the upload's own folder, under names that were looked at before the first byte.
 */
export class Uploads {
  readonly #world: UploadsWorld;
  readonly #all = new Map<string, Upload>();

  private constructor(world: UploadsWorld) {
    this.#world = world;
  }

  /** What a restart left half-way goes, and originals that nothing in the book needs any more. */
  static async open(world: UploadsWorld): Promise<Uploads> {
    const uploads = new Uploads(world);
    await rm(uploads.#half, { recursive: true, force: true });
    await mkdir(uploads.#half, { recursive: true, mode: 0o750 });
    await mkdir(uploads.#originals, { recursive: true, mode: 0o750 });
    await uploads.#removeUnneeded();
    world.scope.every(CONSOLE_LIMITS.sweepMs, () => world.scope.run(() => uploads.#sweep()));
    return uploads;
  }

  get #half(): string {
    return join(this.#world.dataDir, 'uploads');
  }
  get #originals(): string {
    return join(this.#world.dataDir, 'originals');
  }

  async freeBytes(): Promise<number> {
    if (this.#world.freeBytes) return this.#world.freeBytes();
    const { bavail, bsize } = await statfs(this.#world.dataDir);
    return bavail * bsize;
  }

  view(id: string): UploadAnswer {
    const upload = this.#all.get(id);
    return upload ? this.#said(upload) : gone();
  }

  /** Makes room for these files. Those without a byte are there at once. */
  async begin(
    name: string,
    files: readonly { readonly path: string; readonly bytes: number }[],
  ): Promise<UploadAnswer> {
    const open = [...this.#all.values()].filter(({ state }) => state === 'receiving' || state === 'reading');
    if (open.length >= CONSOLE_LIMITS.uploads)
      return declined('too-many', `${open.length} others are being uploaded: wait for one of them, or discard it.`);
    const laid = laidOut(
      files.map(({ path }) => path),
      name,
    );
    if (laid.kind === 'bad-name')
      return declined('invalid', 'The name cannot be a folder of several files.', [
        { path: 'name', code: 'wrong-format' },
      ]);
    if (laid.kind === 'bad-path') {
      const { at, code } = laid.flaw;
      return declined('invalid', `The path of file ${at} cannot be used: ${code}.`, [
        { path: `files.${at}.path`, code },
      ]);
    }
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const promised = open.reduce((sum, other) => sum + (other.bytes - other.receivedBytes), 0);
    if (bytes + promised + CONSOLE_LIMITS.spareBytes > (await this.freeBytes()))
      return declined('disk-full', 'The disk of the central has no room for that.');
    if (bytes === 0) return declined('invalid', 'There is not a byte in it.', [{ path: 'files', code: 'too-small' }]);
    const id = randomBytes(16).toString('hex');
    const upload: Upload = {
      id,
      folder: join(this.#half, id),
      root: laid.root,
      files: files.map((file, at) => ({ bytes: file.bytes, path: laid.paths[at] as readonly string[] })),
      bytes,
      state: 'receiving',
      file: 0,
      from: 0,
      receivedBytes: 0,
      touchedMs: this.#world.clock.nowMs(),
    };
    this.#all.set(id, upload);
    try {
      await this.#skipEmpty(upload);
    } catch (error) {
      await this.#throwAway(upload);
      return onDisk(error);
    }
    return this.#said(upload);
  }

  /**
   * The bytes of one file, from one of them on. Who sends anew takes the place of a line that broke and does not know it yet. Declined: all that came before stays.
   */
  async receive(
    id: string,
    file: number,
    from: number,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<UploadAnswer> {
    const upload = this.#all.get(id);
    if (upload?.state !== 'receiving') return gone();
    upload.writing?.ending.abort();
    await upload.writing?.done;
    if (upload.state !== 'receiving') return gone();
    if (upload.writing || file !== upload.file || from !== upload.from)
      return declined('conflict', `Next is byte ${upload.from} of file ${upload.file}.`);
    const ending = new AbortController();
    const done = this.#write(upload, bytes, AbortSignal.any([signal, ending.signal, this.#world.scope.signal]));
    upload.writing = { ending, done };
    try {
      return (await done) ?? this.#said(upload);
    } finally {
      delete upload.writing;
    }
  }

  /** Begins to read and to sign what is whole. */
  publish(id: string, publication: Omit<Publication, 'path'>, orders: Orders): UploadAnswer {
    const upload = this.#all.get(id);
    if (!upload) return gone();
    if (upload.state !== 'receiving') return this.#said(upload);
    if (upload.file < upload.files.length || upload.writing)
      return declined('conflict', `Not all is here: next is byte ${upload.from} of file ${upload.file}.`);
    upload.state = 'reading';
    this.#world.scope.run(() => this.#publish(upload, publication, orders));
    return this.#said(upload);
  }

  /** It is not wanted. */
  async drop(id: string): Promise<UploadAnswer> {
    const upload = this.#all.get(id);
    if (!upload) return gone();
    if (upload.state === 'reading') return declined('conflict', 'It is being published.');
    upload.writing?.ending.abort();
    await upload.writing?.done;
    await this.#throwAway(upload);
    return this.#said(upload);
  }

  #said({ id, state, bytes, receivedBytes, file, from, distribution, why }: Upload): UploadAnswer {
    const more = { ...(distribution !== undefined && { distribution }), ...(why !== undefined && { why }) };
    return { kind: 'ok', upload: { id, state, bytes, receivedBytes, file, from, ...more } };
  }

  /** Undefined: the whole file is on the disk. */
  async #write(
    upload: Upload,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<UploadDeclined | undefined> {
    const file = upload.files[upload.file];
    if (!file) return declined('conflict', 'There is no such file in its list.');
    const path = join(upload.folder, ...file.path);
    try {
      await mkdir(dirname(path), { recursive: true });
      await using handle = await open(path, upload.from === 0 ? 'w' : 'r+');
      const stream = addAbortSignal(signal, bytes instanceof Readable ? bytes : Readable.from(bytes));
      for await (const part of stream as AsyncIterable<Buffer>) {
        if (upload.from + part.length > file.bytes)
          return declined('too-large', 'More comes than the list of files says.');
        await writeAll(handle, [part], upload.from);
        upload.from += part.length;
        upload.receivedBytes += part.length;
        upload.touchedMs = this.#world.clock.nowMs();
      }
      if (upload.from < file.bytes) return declined('invalid', 'The line broke before the file was whole.');
      await handle.datasync();
    } catch (error) {
      // A line that breaks is no trouble of the disk's.
      return signal.aborted || isOfLine(error)
        ? declined('invalid', 'The line broke before the file was whole.')
        : onDisk(error);
    }
    upload.file++;
    upload.from = 0;
    try {
      await this.#skipEmpty(upload);
    } catch (error) {
      return onDisk(error);
    }
    return undefined;
  }

  /** Files without a byte are made without being sent. */
  async #skipEmpty(upload: Upload): Promise<void> {
    for (let next = upload.files[upload.file]; next?.bytes === 0; next = upload.files[upload.file]) {
      const path = join(upload.folder, ...next.path);
      await mkdir(dirname(path), { recursive: true });
      await (await open(path, 'w')).close();
      upload.file++;
    }
  }

  async #publish(upload: Upload, publication: Omit<Publication, 'path'>, orders: Orders): Promise<void> {
    const { book, log, publish } = this.#world;
    const folder = join(this.#originals, upload.id);
    try {
      await rename(upload.folder, folder);
      const id = await publish({ ...publication, path: join(folder, upload.root) }, orders);
      upload.distribution = id;
      upload.state = 'published';
      // What was there already, byte for byte, is given from where it lies.
      if (book.distribution(id)?.source !== folder) await rm(folder, { recursive: true, force: true });
    } catch (error) {
      log.warn('upload not published', { why: errorText(error) });
      upload.why = error instanceof PublishError ? withoutFolder(error.message, folder) : 'see the log of the central';
      upload.state = 'failed';
      await rm(folder, { recursive: true, force: true });
      await rm(upload.folder, { recursive: true, force: true });
    }
    upload.touchedMs = this.#world.clock.nowMs();
  }

  async #throwAway(upload: Upload): Promise<void> {
    this.#all.delete(upload.id);
    await rm(upload.folder, { recursive: true, force: true });
  }

  async #sweep(): Promise<void> {
    const nowMs = this.#world.clock.nowMs();
    const all = [...this.#all.values()];
    for (const upload of all) {
      const isOver = upload.state === 'published' || upload.state === 'failed';
      const untouchedMs = nowMs - upload.touchedMs;
      if (isOver && untouchedMs > CONSOLE_LIMITS.toldMs) this.#all.delete(upload.id);
      const isLeft = upload.state === 'receiving' && !upload.writing && untouchedMs > CONSOLE_LIMITS.idleMs;
      if (isLeft) await this.#throwAway(upload);
    }
    const over = [...this.#all.values()].filter(({ state }) => state === 'published' || state === 'failed');
    for (const { id } of over.slice(0, Math.max(0, over.length - CONSOLE_LIMITS.told))) this.#all.delete(id);
  }

  /** Originals of what was cancelled, and of what a kill kept from being published. */
  async #removeUnneeded(): Promise<void> {
    const needed = new Set(this.#world.book.sources());
    for (const name of await readdir(this.#originals)) {
      const folder = join(this.#originals, name);
      if (needed.has(folder) || !existsSync(folder)) continue;
      await rm(folder, { recursive: true, force: true });
      this.#world.log.info('originals removed', { folder });
    }
  }
}

const gone = (): UploadDeclined => declined('not-found', 'There is no such upload any more: begin anew.');

const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? '';
const isOfLine = (error: unknown): boolean =>
  ['ECONNRESET', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE'].includes(codeOf(error));
function onDisk(error: unknown): UploadDeclined {
  const isFull = codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
  return isFull
    ? declined('disk-full', 'The disk of the central is full.')
    : declined('failed', `The central cannot write it: ${errorText(error)}.`);
}

/** Where it lies on the central is of no use to whoever reads it in a browser. */
const withoutFolder = (text: string, folder: string): string => text.replaceAll(`${folder}/`, '').slice(0, 300);
