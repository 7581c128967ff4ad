import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { ACCESS_LIMITS } from '../limits.ts';
import { isRefusal, type Refusal, refusal } from '../refusal.ts';
import { readSecretFile, syncFolder, writeSecretFile } from '../secret-file.ts';
import { ownCertificate } from './own-certificate.ts';
import { type KeyAndCertificate, selfSigned } from './self-signed.ts';

/** ms before its end that one is made anew. */
const RENEW_MS = 30 * 86_400_000;
/** ms between two looks at whether it is time: a clock that was wrong at the start is put right some time later. */
export const CERTIFICATE_LOOK_MS = 3_600_000;

export type CertificateOptions = {
  readonly folder: string;
  readonly boxName: string;
  /** Host names and addresses under which the page is opened now. */
  names(): readonly string[];
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * What the page is served with: the operator's own certificate, or one that the box makes. Each is one file with its key, so that no
 * crash leaves a key beside a certificate of another.
 */
export class Certificates {
  readonly #options: CertificateOptions;
  #own: KeyAndCertificate | undefined;
  #made: KeyAndCertificate | undefined;
  #listener: (() => void) | undefined;

  private constructor(options: CertificateOptions) {
    this.#options = options;
  }

  /** Reads what there is; makes nothing yet. */
  static async open(options: CertificateOptions): Promise<Certificates> {
    const certificates = new Certificates(options);
    certificates.#own = await certificates.#read('own-certificate.pem');
    certificates.#made = await certificates.#read('certificate.pem');
    return certificates;
  }

  /** Told when another one is to be used. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  /** What is to be served now. An own one that has ended is served still: what browsers say of it is for the operator to read. */
  current(): KeyAndCertificate {
    const current = this.#own ?? this.#made;
    if (current) return current;
    throw new Error('bug: a certificate is asked for before one was made');
  }

  get madeByBox(): boolean {
    return this.#own === undefined;
  }

  /** Makes one where there is none that holds for some time. To be called at the start, and now and then. */
  async renew(): Promise<void> {
    if (this.#made && isGood(this.#made, this.#options.clock.nowMs())) return;
    await this.#make();
  }

  async useOwn(pem: KeyAndCertificate): Promise<Refusal | undefined> {
    const own = ownCertificate(pem, this.#options.clock.nowMs());
    if (isRefusal(own)) return own;
    if (!(await this.#write('own-certificate.pem', own)))
      return refusal('failed', 'The data folder cannot be written: nothing was changed. See the log.');
    this.#own = own;
    this.#listener?.();
    return undefined;
  }

  /** Back to one of the box's own, with the names it has now. */
  async makeAnew(): Promise<void> {
    await this.#make();
    await this.#remove('own-certificate.pem');
    this.#own = undefined;
    this.#listener?.();
  }

  /** The operator's own, for a backup; what the box makes it can make again. */
  own(): KeyAndCertificate | undefined {
    return this.#own;
  }

  /** Both are forgotten; the next start makes a new one. */
  async forget(): Promise<void> {
    await this.#remove('own-certificate.pem');
    await this.#remove('certificate.pem');
  }

  async #make(): Promise<void> {
    const { boxName, names, clock, log } = this.#options;
    const made = selfSigned(boxName === '' ? 'Swarmbox' : `Swarmbox ${boxName}`, names(), clock.nowMs());
    // A disk that is full must not keep the page away: it is served with one that the next start does not know.
    await this.#write('certificate.pem', made);
    this.#made = made;
    log.info('certificate-made', { fingerprint: new X509Certificate(made.certificate).fingerprint256 });
    if (!this.#own) this.#listener?.();
  }

  async #read(name: string): Promise<KeyAndCertificate | undefined> {
    const path = join(this.#options.folder, name);
    try {
      const text = await readSecretFile(path, ACCESS_LIMITS.certificateChars + ACCESS_LIMITS.keyChars);
      if (text === undefined) return undefined;
      const at = text.indexOf('-----BEGIN CERTIFICATE-----');
      const found = ownCertificate({ key: text.slice(0, at), certificate: text.slice(at) }, 0);
      if (!isRefusal(found)) return found;
      this.#options.log.warn('certificate-not-read', { path, why: found.text });
    } catch (error) {
      this.#options.log.warn('certificate-not-read', { path, why: errorText(error) });
    }
    return undefined;
  }

  async #write(name: string, { key, certificate }: KeyAndCertificate): Promise<boolean> {
    try {
      await writeSecretFile(join(this.#options.folder, name), key + certificate);
      return true;
    } catch (error) {
      this.#options.log.error('certificate-not-written', { name, why: errorText(error) });
      return false;
    }
  }

  async #remove(name: string): Promise<void> {
    const path = join(this.#options.folder, name);
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  }
}

/** Valid now, and for some time. */
function isGood({ certificate }: KeyAndCertificate, nowMs: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return validFromDate.getTime() <= nowMs && validToDate.getTime() - nowMs > RENEW_MS;
}
