/** Who may open the page and script it. Types alone, shared with web/. */
import type { Right } from './contract-common.ts';

export type SessionView = {
  /** False: nobody has an account yet, and the page begins with the set-up. */
  isSetUp: boolean;
  /** Whoever has not signed in may look. */
  guestsMayLook: boolean;
  /** What the asker may do; absent: nothing without signing in. */
  right?: Right;
  /** Absent: not signed in. */
  account?: { name: string; right: Right; hasTotp: boolean };
  /** To be sent as the header `x-csrf-token` with every change. Absent where no cookie is used. */
  csrfToken?: string;
  /** The asker came through the control socket or over TLS, or neither. */
  via: 'socket' | 'tls' | 'plain';
};

export type SignIn = {
  /** @maxLength 64 */
  name: string;
  /** @maxLength 256 */
  password: string;
  /**
   * Of the authenticator app, where the account has one.
   * @maxLength 16
   */
  code?: string;
};

export type FirstAccount = {
  /** @pattern ^[A-Za-z0-9._-]{1,32}$ */
  name: string;
  /** @minLength 10 @maxLength 256 */
  password: string;
  guestsMayLook?: boolean;
};

export type AccountView = {
  name: string;
  right: Right;
  hasTotp: boolean;
  createdAtMs: number;
  lastSignInAtMs?: number;
};

export type NewAccount = {
  /** @pattern ^[A-Za-z0-9._-]{1,32}$ */
  name: string;
  /** @minLength 10 @maxLength 256 */
  password: string;
  right: Right;
};

/** What is absent stays. */
export type AccountChange = {
  right?: Right;
  /** A new password; all sessions of the account end. @minLength 10 @maxLength 256 */
  password?: string;
  /** Somebody lost the phone. */
  removeTotp?: true;
};

export type PasswordChange = {
  /** @maxLength 256 */
  old: string;
  /** @minLength 10 @maxLength 256 */
  new: string;
};

/** What an authenticator app needs. It counts only after it was confirmed with a code. */
export type TotpOffer = {
  /** Base32. */
  secret: string;
  /** `otpauth://` */
  uri: string;
  /** The same as a QR code: rows of `0` and `1`, without the quiet zone. */
  qr: readonly string[];
};

/** @additionalProperties false */
export type TotpConfirmation = {
  /** @pattern ^[0-9]{6}$ */
  code: string;
};

export type PasswordOnly = {
  /** @maxLength 256 */
  password: string;
};

export type SessionRow = {
  id: string;
  account: string;
  address: string;
  /** Cut to some characters; a stranger's words. */
  userAgent: string;
  createdAtMs: number;
  lastSeenAtMs: number;
  /** The one that asks. */
  isOwn: boolean;
};

export type TokenView = {
  id: string;
  name: string;
  right: Right;
  createdAtMs: number;
  createdBy: string;
  /** Absent: never. */
  expiresAtMs?: number;
  lastUsedAtMs?: number;
};

export type NewToken = {
  /** @minLength 1 @maxLength 64 */
  name: string;
  right: Right;
  /**
   * Absent: it does not end.
   * @asType integer
   * @minimum 1
   * @maximum 3660
   */
  days?: number;
};

/** The only time that the token itself is told. */
export type MadeToken = TokenView & { token: string };

export type AccessSettings = { guestsMayLook: boolean };

export type AuditRow = {
  id: number;
  atMs: number;
  /** The account or token that did it; empty: nobody signed in. */
  who: string;
  address: string;
  what: AuditWhat | (string & {});
  /** By `AuditField`, and what an older version wrote. No secret is ever among it. */
  detail: Readonly<Record<string, string | number | boolean>>;
  outcome: 'done' | 'refused';
};

export type AuditWhat =
  | 'set-up'
  | 'sign-in'
  | 'sign-out'
  | 'locked'
  | 'account-made'
  | 'account-changed'
  | 'account-removed'
  | 'password-changed'
  | 'totp-on'
  | 'totp-off'
  | 'token-made'
  | 'token-removed'
  | 'session-ended'
  | 'access-changed'
  | 'certificate-changed'
  | 'settings-changed'
  | 'settings-confirmed'
  | 'settings-reverted'
  | 'settings-restored'
  | 'backup-made'
  | 'backup-restored'
  | 'factory-reset'
  | 'task-action'
  | 'order-added'
  | 'order-removed'
  | 'disk-adopted'
  | 'disk-drained'
  | 'disk-removed'
  | 'network-changed'
  | 'network-confirmed'
  | 'network-reverted'
  | 'clients-forgotten'
  | 'time-zone-changed'
  | 'restarted'
  | 'update-uploaded'
  | 'update-installed'
  | 'rolled-back'
  | 'fleet-uploaded'
  | 'fleet-published'
  | 'fleet-retried'
  | 'fleet-cancelled'
  | 'fleet-resumed';

/** What is said of what was done. `omitted`: rows that were not written before this one, as there were too many at once. */
export type AuditField =
  | 'account'
  | 'accountsRestored'
  | 'action'
  | 'addresses'
  | 'all'
  | 'already'
  | 'bytes'
  | 'cache'
  | 'count'
  | 'days'
  | 'device'
  | 'distribution'
  | 'done'
  | 'files'
  | 'fingerprint'
  | 'first'
  | 'format'
  | 'guestsMayLook'
  | 'infoHash'
  | 'kind'
  | 'mbps'
  | 'moved'
  | 'name'
  | 'node'
  | 'nodes'
  | 'omitted'
  | 'ordersRestored'
  | 'password'
  | 'path'
  | 'removeTotp'
  | 'revision'
  | 'right'
  | 'secrets'
  | 'settings'
  | 'sites'
  | 'to'
  | 'token'
  | 'undone'
  | 'url'
  | 'version'
  | 'what'
  | 'when'
  | 'why'
  | 'zone';

export type AuditQuery = {
  /** Rows older than this id. @asType integer @minimum 1 */
  before?: number;
  /** @asType integer @minimum 1 @maximum 200 */
  limit?: number;
};
export type AuditPage = { rows: readonly AuditRow[]; hasMore: boolean };

export type CertificateView = {
  /** False: the page is not served over TLS (loopback or a socket). */
  inUse: boolean;
  madeByBox: boolean;
  subject: string;
  issuer: string;
  names: readonly string[];
  validFromMs: number;
  validUntilMs: number;
  /** SHA-256, in pairs of hex digits with colons, as browsers show it. */
  fingerprint: string;
};

export type OwnCertificate = {
  /** PEM, the chain after it. @maxLength 65536 */
  certificate: string;
  /** PEM, without a passphrase. @maxLength 16384 */
  key: string;
};
