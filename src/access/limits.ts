/** Bounds of this folder: value, unit, reason. */
export const ACCESS_LIMITS = {
  /** People with an account. A cafe has a few, a campus a dozen. */
  accounts: 32,
  /** Scripts. */
  tokens: 64,
  /** Browsers that are signed in, of everybody and of one account: the one not seen for longest goes first. */
  sessions: 256,
  sessionsPerAccount: 20,
  /** ms without a request, and ms in all, after which a session ends. */
  sessionIdleMs: 12 * 3_600_000,
  sessionMs: 30 * 86_400_000,
  /** ms by which a written `last seen` may lag behind. */
  lastSeenMs: 60_000,
  /** ms that what is written lazily waits for more of the same. */
  lazyMs: 1_000,
  /** Characters of what a browser says it is. */
  userAgentChars: 200,
  /** Characters of a password. */
  passwordMin: 10,
  passwordMax: 256,
  /** KiB and passes of argon2id: the least that OWASP advises, as a small box has other work. About 70 ms. */
  hashKib: 19_456,
  hashPasses: 2,
  /** Hashes at a time (each takes a thread and its memory), and how many may wait for them. */
  hashes: 2,
  hashesWaiting: 16,
  /** What a hash in a restored backup may ask for: a forged one must not stop the box. */
  storedHashKib: 65_536,
  storedHashPasses: 10,
  /** Sign-ins that are slowed down at the same time, of one account and of all. */
  slowedPerAccount: 8,
  slowed: 32,
  /** Changes that wait for the disk. */
  changesWaiting: 64,
  /** ms that an offered TOTP secret waits for its first code. */
  totpOfferMs: 10 * 60_000,
  /** Bytes of access.json and sessions.json. */
  fileBytes: 1024 * 1024,
  /** Bytes of one file of the audit log; there are two. */
  auditBytes: 1024 * 1024,
  /** Rows that wait for the disk: more are left out, and counted. */
  auditWaiting: 500,
  /** What one row may carry. */
  auditFields: 16,
  auditChars: 200,
  auditPage: 200,
  /** Characters of PEM. */
  certificateChars: 65_536,
  keyChars: 16_384,
  chain: 10,
} as const;
