/** A small authority for a private fleet and for tests: certificates by openssl, in a folder of its own. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DAYS = '30';
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const openssl = async (...args: string[]): Promise<void> => void (await promisify(execFile)('openssl', args));

/** Paths of PEM files. */
export type Certificate = { readonly cert: string; readonly key: string };

export class Authority implements AsyncDisposable {
  /** Path of its own certificate. */
  readonly ca: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.ca = join(folder, 'ca.pem');
  }

  static async make(): Promise<Authority> {
    const authority = new Authority(await mkdtemp(join(tmpdir(), 'swarmbox-authority-')));
    const out = ['-keyout', authority.#at('ca.key'), '-out', authority.ca];
    await openssl('req', '-x509', ...KEY, '-days', DAYS, '-subj', '/CN=fleet authority', ...out);
    return authority;
  }

  /** For somebody of this name. A server says as well at which address it is met. */
  async certify(name: string, address?: string): Promise<Certificate> {
    const [cert, key, asked, also] = ['pem', 'key', 'csr', 'ext'].map((end) => this.#at(`${name}.${end}`));
    if (!cert || !key || !asked || !also) throw new Error('bug: a path is missing');
    const usage = address ? `serverAuth\nsubjectAltName = IP:${address}, DNS:localhost` : 'clientAuth';
    await writeFile(also, `extendedKeyUsage = ${usage}\n`);
    await openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', asked);
    const serial = randomBytes(8).toString('hex');
    const by = ['-CA', this.ca, '-CAkey', this.#at('ca.key'), '-set_serial', `0x${serial}`];
    await openssl('x509', '-req', '-in', asked, ...by, '-days', DAYS, '-extfile', also, '-out', cert);
    return { cert, key };
  }

  /** What a client needs to come as this name. */
  async clientTls(name: string): Promise<{ ca: string; cert: string; key: string }> {
    const { cert, key } = await this.certify(name);
    const [ca, certPem, keyPem] = await Promise.all([this.ca, cert, key].map((path) => readFile(path, 'utf8')));
    return { ca: ca ?? '', cert: certPem ?? '', key: keyPem ?? '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }
}
