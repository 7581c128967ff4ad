import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { ADMIN_LIMITS } from './limits.ts';

const gzip = promisify(gzipCallback);

/** Only what a build of web/ makes. Anything else is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** `/name` or `/assets/name`: no dots in front, no escapes, no way up. */
const SAFE_PATH = /^\/(?:assets\/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

export type PageFile = { type: string; plain: Buffer; gzipped: Buffer; etag: string; immutable: boolean };

/** The built page, held in memory and read again when a build changed it. */
export class PageFiles {
  readonly #root: string;
  readonly #startPage: string;
  readonly #files = new Map<string, PageFile>();

  constructor(root: string, startPage = 'index.html') {
    this.#root = root;
    this.#startPage = startPage;
  }

  /** `path` is a URL's path. Undefined: there is no such file. */
  async get(path: string): Promise<PageFile | undefined> {
    const name = path === '/' ? `/${this.#startPage}` : path;
    const type = TYPES[extname(name)];
    if (!SAFE_PATH.test(name) || type === undefined) return undefined;
    const full = join(this.#root, name);
    try {
      const { mtimeMs, size } = await stat(full);
      if (size > ADMIN_LIMITS.fileBytes) return undefined;
      const etag = `"${mtimeMs.toString(36)}-${size.toString(36)}"`;
      const known = this.#files.get(name);
      if (known?.etag === etag) return known;
      const plain = await readFile(full);
      // Vite puts the content's hash into the names below assets/.
      const file = { type, plain, gzipped: await gzip(plain), etag, immutable: name.startsWith('/assets/') };
      if (this.#files.size >= ADMIN_LIMITS.files) this.#files.clear();
      this.#files.set(name, file);
      return file;
    } catch {
      this.#files.delete(name);
      return undefined;
    }
  }
}

/** What `/` answers when web/ was never built. */
export const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Swarmbox</title><h1>Swarmbox is running</h1>
<p>Only its page was not built yet. Run <code>make web</code> in the project's folder and load this page again.</p>
<p lang="zh-CN">Swarmbox 正在运行，只是页面尚未生成。请在项目目录中运行 <code>make web</code>，然后刷新本页。</p>
<p><a href="/api/snapshot">/api/snapshot</a></p></html>
`;
