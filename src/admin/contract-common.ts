/** What every answer of the API has in common. Types alone, shared with web/. */

/** What somebody may do, each including the one before: see everything; act on torrents and disks; change the box itself and who may do what. */
export type Right = 'look' | 'operate' | 'administer';

/** What is wrong with one value of what was sent. The page says the code in the operator's language. */
export type FieldProblem = {
  /** Where, as the names on the way: `limits.clientMbps`, `hours.0.from`. Empty: the whole. */
  path: string;
  code: FieldCode | (string & {});
  /** Fills the page's sentence. */
  detail?: Readonly<Record<string, string | number>>;
};

export type FieldCode =
  | 'wrong-type'
  | 'missing'
  | 'unknown-field'
  | 'too-small'
  | 'too-large'
  | 'too-short'
  | 'too-long'
  | 'too-few'
  | 'too-many'
  | 'not-one-of'
  | 'wrong-format'
  | 'not-unique'
  | 'conflict'
  | 'expired'
  | 'file-only';

export type ProblemWhy =
  | 'malformed'
  | 'too-large'
  | 'wrong-type'
  | 'invalid'
  | 'not-found'
  | 'not-signed-in'
  | 'not-allowed'
  | 'other-site'
  | 'stale'
  | 'conflict'
  | 'too-many'
  | 'busy'
  | 'not-available'
  | 'failed'
  | 'wrong-password'
  | 'code-needed'
  | 'wrong-code'
  | 'locked'
  | 'weak-password'
  | 'last-administrator'
  | 'not-set-up'
  | 'already-set-up'
  | 'typed-wrong'
  | 'wrong-passphrase'
  | 'not-a-backup'
  | 'not-a-torrent'
  | 'not-a-link'
  | 'private'
  | 'blocked'
  | 'no-origin'
  | 'disk-full';

/** The body of every answer that is not a success. */
export type Problem = {
  why: ProblemWhy | (string & {});
  /** In English, for people who script. */
  text: string;
  /** Try again after this long, ms. */
  waitMs?: number;
  fields?: readonly FieldProblem[];
};

/** A request or an answer that is not JSON: its media type. */
export type Raw<Type extends string> = { mediaType: Type };

/** A change that takes itself back unless it is confirmed by then. */
export type Unconfirmed = {
  /** To be sent back with the confirmation. */
  token: string;
  untilMs: number;
  /** Where the page is to be opened to confirm: at least one of them answers if the change was right. */
  addresses: readonly string[];
};
