import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { spelt } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { ACCESS_LIMITS } from '../limits.ts';
import { isRefusal, type Refusal, refusal } from '../refusal.ts';
import { readSecretFile, syncFolder, writeSecretFile } from '../secret-file.ts';
import { certificateFacts } from './certificate-view.ts';
import { ownCertificate } from './own-certificate.ts';
import { certificateNames, type KeyAndCertificate, selfSigned } from './self-signed.ts';

/** ms before its end that one is made anew. */
const RENEW_MS = 30 * 86_400_000;
/** ms between two looks at whether it is time: a clock that was wrong at the start is put right some time later, and an address may change. */
export const CERTIFICATE_LOOK_MS = 30_000;

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
 * crash leaves a key beside a certificate of another. One change comes after the other.
 *
 * One that is made because of time or of another address keeps its key: whoever knows the box by it goes on knowing it.
 */
export class Certificates {
  readonly #options: CertificateOptions;
  #own: KeyAndCertificate | undefined;
  #made: KeyAndCertificate | undefined;
  #listener: (() => void) | undefined;
  #turn: Promise<unknown> = Promise.resolve();

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

  /**
   * Makes one where there is none that holds for some time and has all the names that the box has now. A name that went makes none: each new one
   * is one more that a browser asks about. To be called at the start, and now and then.
   */
  renew(): Promise<void> {
    return this.#inTurn(async () => {
      const { clock, names } = this.#options;
      if (this.#own || (this.#made && isGood(this.#made, names(), clock.nowMs()))) return;
      await this.#make(this.#made?.key);
    });
  }

  useOwn(pem: KeyAndCertificate): Promise<Refusal | undefined> {
    return this.#inTurn(async () => {
      const own = ownCertificate(pem, this.#options.clock.nowMs());
      if (isRefusal(own)) return own;
      if (!(await this.#write('own-certificate.pem', own)))
        return refusal('failed', 'The data folder cannot be written: nothing was changed. See the log.');
      this.#own = own;
      this.#listener?.();
      return undefined;
    });
  }

  /** Back to one of the box's own, with a new key and the names it has now. */
  makeAnew(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#make();
      await this.#remove('own-certificate.pem');
      this.#own = undefined;
      this.#listener?.();
    });
  }

  /** The operator's own, for a backup; what the box makes it can make again. */
  own(): KeyAndCertificate | undefined {
    return this.#own;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #make(key?: string): Promise<void> {
    const { boxName, names, clock, log } = this.#options;
    const made = selfSigned(boxName === '' ? 'Swarmbox' : `Swarmbox ${boxName}`, names(), clock.nowMs(), key);
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

/** Valid now, and for some time, under all of these names. */
function isGood({ certificate }: KeyAndCertificate, names: readonly string[], nowMs: number): boolean {
  const { validFromMs, validUntilMs, names: has } = certificateFacts(certificate);
  const lacks = certificateNames(names).some((name) => !has.includes(spelt(name) ?? name));
  return validFromMs <= nowMs && validUntilMs - nowMs > RENEW_MS && !lacks;
}
