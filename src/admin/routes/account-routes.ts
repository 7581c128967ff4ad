import type { Access } from '#access/access.ts';
import type { Account, Token } from '#access/access-data.ts';
import { idOf, type Session } from '#access/sessions.ts';
import type { AccountView, SessionRow, TokenView } from '../contract-access.ts';
import { type Asker, mayDo, type Route, refuse, route } from '../route.ts';
import { done, refusedOf, told } from './access-refused.ts';

/** What administrators do with accounts, sessions, tokens and the door for guests. */
export const accountRoutes = (access: Access): Route[] => {
  const { register, accounts, presence, tokens } = access;
  const accountView = ({ name, right, totp, createdAtMs }: Account): AccountView => {
    const seenAtMs = presence.seenAtMs(name);
    const seen = seenAtMs === undefined ? {} : { lastSignInAtMs: seenAtMs };
    return { name, right, hasTotp: totp !== undefined, createdAtMs, ...seen };
  };
  const tokenView = ({ hash: _, ...shown }: Token): TokenView => {
    const seenAtMs = presence.seenAtMs(shown.id);
    return { ...shown, ...(seenAtMs !== undefined && { lastUsedAtMs: seenAtMs }) };
  };
  /** Everybody's for administrators, their own for the others. */
  const sessionsFor = (asker: Asker): Session[] =>
    presence.sessions
      .list(access.nowMs())
      .filter(
        ({ account }) => mayDo(asker.right, 'administer') || (asker.kind === 'session' && account === asker.name),
      );

  return [
    route('GET /api/accounts', 'administer', () => ({ accounts: register.data.accounts.map(accountView) })),
    route(
      'POST /api/accounts',
      'administer',
      async ({ body, note }) => {
        note({ account: body.name, right: body.right });
        return told(await accounts.add(body), accountView);
      },
      { audit: 'account-made' },
    ),
    route(
      'PATCH /api/accounts/{name}',
      'administer',
      async ({ params: { name = '' }, body, note }) => {
        const { right, password, removeTotp = false } = body;
        note({ account: name, ...(right && { right }), password: password !== undefined, removeTotp });
        return told(await accounts.change(name, body), accountView);
      },
      { audit: 'account-changed' },
    ),
    route(
      'DELETE /api/accounts/{name}',
      'administer',
      async ({ params: { name = '' }, note }) => {
        note({ account: name });
        return done(await accounts.remove(name));
      },
      { audit: 'account-removed' },
    ),
    route('GET /api/sessions', 'look', ({ asker }) => ({
      sessions: sessionsFor(asker).map(
        (session): SessionRow => ({
          id: idOf(session),
          account: session.account,
          address: session.address,
          userAgent: session.userAgent,
          createdAtMs: session.createdAtMs,
          lastSeenAtMs: session.lastSeenAtMs,
          isOwn: idOf(session) === asker.sessionId,
        }),
      ),
    })),
    route(
      'DELETE /api/sessions/{id}',
      'look',
      ({ params: { id = '' }, asker, note }) => {
        const session = sessionsFor(asker).find((one) => idOf(one) === id);
        if (!session) return refuse('not-found', 'There is no such session.');
        note({ account: session.account });
        presence.sessions.end(id);
        presence.touch();
        return {};
      },
      { audit: 'session-ended' },
    ),
    route('GET /api/tokens', 'administer', () => ({ tokens: tokens.list().map(tokenView) })),
    route(
      'POST /api/tokens',
      'administer',
      async ({ body, asker, note }) => {
        note({ token: body.name, right: body.right, days: body.days ?? 0 });
        return told(await tokens.make(body, asker), ({ kept, token }) => ({ ...tokenView(kept), token }));
      },
      { audit: 'token-made' },
    ),
    route(
      'DELETE /api/tokens/{id}',
      'administer',
      async ({ params: { id = '' }, note }) => {
        const name = tokens.list().find((token) => token.id === id)?.name;
        if (name !== undefined) note({ token: name });
        return done(await tokens.remove(id));
      },
      { audit: 'token-removed' },
    ),
    route('GET /api/access', 'look', () => ({ guestsMayLook: register.data.guestsMayLook })),
    route(
      'PUT /api/access',
      'administer',
      async ({ body: { guestsMayLook }, note }) => {
        note({ guestsMayLook });
        const refused = await register.change((data) => ({ ...data, guestsMayLook }));
        return refused ? refusedOf(refused) : { guestsMayLook };
      },
      { audit: 'access-changed' },
    ),
  ];
};
