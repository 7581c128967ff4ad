import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ACCESS_LIMITS } from './limits.ts';

const run = promisify(argon2);

const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** `$argon2id$v=19$m=KiB,t=passes,p=lanes$salt$tag`, base64 without padding: the PHC string format. */
const STORED =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{22,88})$/;

/** KiB, passes and lanes of argon2id. */
export type HashCost = { readonly memory: number; readonly passes: number; readonly parallelism: number };
const OURS: HashCost = { memory: ACCESS_LIMITS.hashKib, passes: ACCESS_LIMITS.hashPasses, parallelism: 1 };

const bare = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
const written = ({ memory, passes, parallelism }: HashCost, salt: Uint8Array, tag: Uint8Array): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${bare(salt)}$${bare(tag)}`;

type Stored = HashCost & { readonly salt: Buffer; readonly tag: Buffer };

/** Undefined when it is none, or asks for more than any of ours would. */
export function parseStored(text: string): Stored | undefined {
  const found = STORED.exec(text);
  if (!found) return undefined;
  const [memory, passes, parallelism] = found.slice(1, 4).map(Number) as [number, number, number];
  if (memory < 8 * parallelism || memory > ACCESS_LIMITS.storedHashKib) return undefined;
  if (passes < 1 || passes > ACCESS_LIMITS.storedHashPasses || parallelism < 1 || parallelism > 4) return undefined;
  const [salt, tag] = [Buffer.from(found[4] as string, 'base64'), Buffer.from(found[5] as string, 'base64')];
  return { memory, passes, parallelism, salt, tag };
}

/** Argon2id (RFC 9106), some at a time. `busy`: too many wait already. */
export class PasswordHasher {
  readonly #cost: HashCost;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(cost: HashCost = OURS) {
    this.#cost = cost;
  }

  /** Looks like a stored password, fits none, and costs as much to try: for names that nobody has. */
  decoy(): string {
    return written(this.#cost, randomBytes(SALT_BYTES), randomBytes(TAG_BYTES));
  }

  async hash(password: string): Promise<string | 'busy'> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.#inTurn(password, { ...this.#cost, salt, tag: Buffer.alloc(TAG_BYTES) });
    return tag === 'busy' ? 'busy' : written(this.#cost, salt, tag);
  }

  async fits(password: string, stored: string): Promise<boolean | 'busy'> {
    const parsed = parseStored(stored);
    if (!parsed) throw new Error('bug: a stored password that was not checked as it was read');
    const tag = await this.#inTurn(password, parsed);
    return tag === 'busy' ? 'busy' : timingSafeEqual(tag, parsed.tag);
  }

  async #inTurn(password: string, { memory, passes, parallelism, salt, tag }: Stored): Promise<Buffer | 'busy'> {
    if (this.#running >= ACCESS_LIMITS.hashes) {
      if (this.#waiting.length >= ACCESS_LIMITS.hashesWaiting) return 'busy';
      // Whoever ends hands its place on, so that nobody slips in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      // The same letters typed on two systems can be different code points: one form for both.
      const message = password.normalize('NFC');
      return await run('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength: tag.length });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
