import type { IncomingMessage } from 'node:http';
import type { AuditField, AuditWhat } from './contract-access.ts';
import type { AnswerOf, BodyOf, QueryOf, RouteName } from './contract-api.ts';
import type { FieldProblem, Problem, ProblemWhy, Right } from './contract-common.ts';

/** How a request came: over the socket in the data folder, whose file says who may; over TLS; or in clear. */
export type Via = 'socket' | 'tls' | 'plain';

/** Who asks. */
export type Asker = {
  readonly kind: 'socket' | 'session' | 'token' | 'guest';
  /** Of the account or the token; empty: nobody signed in. */
  readonly name: string;
  /** Absent: nothing. */
  readonly right?: Right;
  /** Where the request came from; `local` over a socket. */
  readonly address: string;
  readonly via: Via;
  readonly sessionId?: string;
};

/** The words of a request by which somebody is known. */
export type Credentials = {
  readonly cookie?: string;
  readonly authorization?: string;
  readonly userAgent?: string;
  readonly address: string;
  readonly via: Via;
};

/** What is asked of whoever knows the accounts. */
export type Doors = {
  asker(by: Credentials): Asker;
  /** Whether the header `x-csrf-token` is the one of the asker's session. */
  csrfHolds(asker: Asker, token: string | undefined): boolean;
  /** False: the asker's session or token has ended since. */
  mayStay(asker: Asker): boolean;
  audit(row: AuditEntry): void;
};
export type AuditEntry = {
  readonly who: string;
  readonly address: string;
  readonly what: AuditWhat;
  readonly detail: Detail;
  readonly outcome: 'done' | 'refused';
};
export type Detail = { readonly [F in AuditField]?: string | number | boolean };

/** A request, once it is known that it may be made and is well-formed. */
export type Ask<R extends RouteName> = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  readonly asker: Asker;
  /** Of the route's own: a body that is not JSON is read from here, other headers are found here. */
  readonly request: IncomingMessage;
  /** Ends when the asker hangs up. */
  readonly signal: AbortSignal;
  /** Comes to the row of the audit log. Never a secret. */
  note(detail: Detail): void;
};

/** The request is understood and not done. */
export class Refused {
  readonly problem: Problem;
  constructor(problem: Problem) {
    this.problem = problem;
  }
}
export const refuse = (
  why: ProblemWhy,
  text: string,
  more: { waitMs?: number; fields?: readonly FieldProblem[] } = {},
): Refused => new Refused({ why, text, ...more });

/** An answer that is not JSON. */
export class Sent {
  readonly mediaType: string;
  readonly body: string | Buffer | AsyncIterable<string | Buffer>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    mediaType: string,
    body: string | Buffer | AsyncIterable<string | Buffer>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.mediaType = mediaType;
    this.body = body;
    this.headers = headers;
  }
}

/** JSON that is made already. */
export const sentJson = (json: string): Sent => new Sent('application/json', json);

/** An answer with headers of its own, such as a cookie, or with a status of its own. */
export class Told<Answer> {
  readonly answer: Answer;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly status: number;
  constructor(answer: Answer, headers: Readonly<Record<string, string | readonly string[]>>, status = 200) {
    this.answer = answer;
    this.headers = headers;
    this.status = status;
  }
}
export const withHeaders = <Answer>(
  answer: Answer,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Told<Answer> => new Told(answer, headers);

export type Reply<R extends RouteName> = AnswerOf<R> | Told<AnswerOf<R>> | Refused | Sent;

export type RouteOptions = {
  /** Whoever does it is written down. */
  readonly audit?: AuditWhat;
  /** Of a JSON body, at most; a route that reads `request` itself bounds that itself. */
  readonly bodyBytes?: number;
  /** How long the answer may take, ms, where that is longer than others. */
  readonly answerMs?: number;
};

/** Who may: everybody, or whoever has this right or a greater one. */
export type Needs = Right | 'anyone';

export type Route = {
  readonly name: RouteName;
  readonly needs: Needs;
  readonly options: RouteOptions;
  answer(ask: Ask<RouteName>): unknown;
};

/** One line of the route table. The contract says what `answer` gets and owes. */
export const route = <R extends RouteName>(
  name: R,
  needs: Needs,
  answer: (ask: Ask<R>) => Reply<R> | Promise<Reply<R>>,
  options: RouteOptions = {},
): Route => ({ name, needs, options, answer: answer as Route['answer'] });

const RANK: Readonly<Record<Right, number>> = { look: 1, operate: 2, administer: 3 };
/** Each right has those before it. */
export const mayDo = (right: Right | undefined, needs: Needs): boolean =>
  needs === 'anyone' || (right !== undefined && RANK[right] >= RANK[needs]);

/** The status of each `why` (RFC 9110, RFC 6585). */
const STATUS: Readonly<Record<ProblemWhy, number>> = {
  malformed: 400,
  'too-large': 413,
  'wrong-type': 415,
  invalid: 422,
  'not-found': 404,
  'not-signed-in': 401,
  'not-allowed': 403,
  'other-site': 403,
  stale: 409,
  conflict: 409,
  'too-many': 429,
  busy: 503,
  'not-available': 501,
  failed: 500,
  'wrong-password': 403,
  'code-needed': 403,
  'wrong-code': 403,
  locked: 429,
  'weak-password': 422,
  'last-administrator': 409,
  'not-set-up': 409,
  'already-set-up': 409,
  'typed-wrong': 422,
  'wrong-passphrase': 422,
  'not-a-backup': 422,
  'not-a-torrent': 422,
  'not-a-link': 422,
  private: 422,
  blocked: 422,
  'no-origin': 422,
  'disk-full': 507,
};
export const statusOf = (why: string): number => (Object.hasOwn(STATUS, why) ? STATUS[why as ProblemWhy] : 500);
