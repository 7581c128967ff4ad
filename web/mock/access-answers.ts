import type { AccountView, SessionView, TokenView } from '#admin/contract-access.ts';
import type { RouteName } from '#admin/contract-api.ts';
import type { Right } from '#admin/contract-common.ts';
import { type Answers, MockRefusal } from './answers.ts';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
let session: SessionView;

/** `none`: nobody is signed in and guests may not look; `guest`; `new`: the box is not set up. */
export function signInAs(who: Right | 'none' | 'guest' | 'new'): void {
  const isRight = who === 'look' || who === 'operate' || who === 'administer';
  session = {
    isSetUp: who !== 'new',
    guestsMayLook: who === 'guest',
    ...(isRight && { right: who, account: { name: 'chen', right: who, hasTotp: false }, csrfToken: 'mock-token' }),
    ...(who === 'guest' && { right: 'look' }),
    via: 'tls',
  };
}
signInAs('administer');

/** What the mock's asker may do. */
export const rightNow = (): Right | undefined => session.right;

const accounts: AccountView[] = [
  { name: 'chen', right: 'administer', hasTotp: false, createdAtMs: NOW_MS - 90 * DAY_MS, lastSignInAtMs: NOW_MS },
  { name: 'night-shift', right: 'operate', hasTotp: true, createdAtMs: NOW_MS - 30 * DAY_MS },
];
const tokens: TokenView[] = [
  {
    id: 't1',
    name: 'grafana',
    right: 'look',
    createdAtMs: NOW_MS - 9 * DAY_MS,
    createdBy: 'chen',
    lastUsedAtMs: NOW_MS,
  },
];
const certificate = {
  inUse: true,
  madeByBox: true,
  subject: 'CN=swarmbox',
  issuer: 'CN=swarmbox',
  names: ['swarmbox.lan', '192.168.7.2'],
  validFromMs: NOW_MS - 30 * DAY_MS,
  validUntilMs: NOW_MS + 795 * DAY_MS,
  fingerprint: Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).padStart(2, '0')).join(':'),
};

type Names = Extract<
  RouteName,
  `${string} /api/${'session' | 'sessions' | 'set-up' | 'account' | 'accounts' | 'token' | 'tokens' | 'access' | 'audit' | 'certificate'}${'' | `/${string}`}`
>;
export const accessAnswers: Answers<Names> = {
  'GET /api/session': () => session,
  'POST /api/session': ({ body }) => {
    if (body.password !== 'password') throw new MockRefusal(401, { why: 'wrong-password', text: 'try `password`' });
    if (body.name === 'night-shift' && body.code === undefined)
      throw new MockRefusal(401, { why: 'code-needed', text: 'a code is needed' });
    signInAs(body.name === 'night-shift' ? 'operate' : 'administer');
    return session;
  },
  'DELETE /api/session': () => {
    signInAs('none');
    return {};
  },
  'POST /api/set-up': () => {
    signInAs('administer');
    return session;
  },
  'GET /api/accounts': () => ({ accounts }),
  'POST /api/accounts': ({ body }) => {
    const made = { name: body.name, right: body.right, hasTotp: false, createdAtMs: Date.now() };
    accounts.push(made);
    return made;
  },
  'PATCH /api/accounts/{name}': ({ params, body }) => {
    const at = accounts.findIndex((a) => a.name === params.name);
    const before = accounts[at];
    if (!before) throw new MockRefusal(404, { why: 'not-found', text: 'no such account' });
    const after = { ...before, ...(body.right && { right: body.right }), ...(body.removeTotp && { hasTotp: false }) };
    accounts[at] = after;
    return after;
  },
  'DELETE /api/accounts/{name}': ({ params }) => {
    if (params.name === 'chen') throw new MockRefusal(409, { why: 'last-administrator', text: 'one has to stay' });
    accounts.splice(
      accounts.findIndex((a) => a.name === params.name),
      1,
    );
    return {};
  },
  'POST /api/account/password': ({ body }) => {
    if (body.old !== 'password') throw new MockRefusal(403, { why: 'wrong-password', text: 'try `password`' });
    return session;
  },
  'POST /api/account/totp': () => ({
    secret: 'JBSWY3DPEHPK3PXP',
    uri: 'otpauth://totp/swarmbox:chen?secret=JBSWY3DPEHPK3PXP',
    qr: Array.from({ length: 29 }, (_, y) =>
      Array.from({ length: 29 }, (_, x) => ((x * 7 + y * 13 + x * y) % 3 ? 0 : 1)).join(''),
    ),
  }),
  'POST /api/account/totp/confirm': ({ body }) => {
    if (body.code !== '123456') throw new MockRefusal(403, { why: 'wrong-code', text: 'try 123456' });
    if (session.account) session = { ...session, account: { ...session.account, hasTotp: true } };
    return session;
  },
  'POST /api/account/totp/remove': () => {
    if (session.account) session = { ...session, account: { ...session.account, hasTotp: false } };
    return session;
  },
  'GET /api/sessions': () => ({
    sessions: [
      {
        id: 's1',
        account: 'chen',
        address: '192.168.7.9',
        userAgent: 'Mozilla/5.0 (X11)',
        createdAtMs: NOW_MS,
        lastSeenAtMs: NOW_MS,
        isOwn: true,
      },
      {
        id: 's2',
        account: 'night-shift',
        address: '192.168.7.31',
        userAgent: '<b>phone</b>',
        createdAtMs: NOW_MS - DAY_MS,
        lastSeenAtMs: NOW_MS - 9e6,
        isOwn: false,
      },
    ],
  }),
  'DELETE /api/sessions/{id}': () => ({}),
  'GET /api/tokens': () => ({ tokens }),
  'POST /api/tokens': ({ body }) => {
    const made = {
      id: `t${tokens.length + 1}`,
      name: body.name,
      right: body.right,
      createdAtMs: Date.now(),
      createdBy: 'chen',
    };
    tokens.push(made);
    return { ...made, token: 'sbx_mock_0123456789abcdef' };
  },
  'DELETE /api/tokens/{id}': ({ params }) => {
    tokens.splice(
      tokens.findIndex((t) => t.id === params.id),
      1,
    );
    return {};
  },
  'GET /api/access': () => ({ guestsMayLook: session.guestsMayLook }),
  'PUT /api/access': ({ body }) => {
    session = { ...session, guestsMayLook: body.guestsMayLook };
    return body;
  },
  'GET /api/audit': ({ query }) => {
    const newest = (query.before ?? 400) - 1;
    const what = ['sign-in', 'task-action', 'settings-changed', 'order-added', 'locked'] as const;
    const rows = Array.from({ length: Math.min(query.limit ?? 50, newest) }, (_, i) => ({
      id: newest - i,
      atMs: NOW_MS - (400 - newest + i) * 900_000,
      who: (newest - i) % 7 ? 'chen' : '',
      address: '192.168.7.9',
      what: what[(newest - i) % what.length] as (typeof what)[number],
      detail: { account: 'chen', right: 'operate', password: true },
      outcome: (newest - i) % 5 === 4 ? ('refused' as const) : ('done' as const),
    }));
    return { rows, hasMore: newest > rows.length };
  },
  'GET /api/certificate': () => certificate,
  'PUT /api/certificate': ({ body }) => {
    if (!body.certificate.includes('BEGIN'))
      throw new MockRefusal(400, {
        why: 'invalid',
        text: 'no certificate',
        fields: [{ path: 'certificate', code: 'wrong-format' }],
      });
    return { ...certificate, madeByBox: false, issuer: 'CN=Example CA' };
  },
  'DELETE /api/certificate': () => certificate,
};
