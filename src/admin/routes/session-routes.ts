import type { IncomingMessage } from 'node:http';
import type { Access } from '#access/access.ts';
import type { Seat } from '#access/caller.ts';
import { setCookie } from '#access/cookies.ts';
import { isRefusal, type Refusal } from '#access/refusal.ts';
import type { SignedIn } from '#access/sign-in.ts';
import type { AuditWhat, SessionView } from '../contract-access.ts';
import { type Asker, Refused, type Route, refuse, route, type Told, withHeaders } from '../route.ts';
import { refusedOf, told } from './access-refused.ts';

const seatOf = ({ address, via }: Asker, request: IncomingMessage): Seat => ({
  address,
  via,
  userAgent: request.headers['user-agent'] ?? '',
});

/** What the page must know before anything else. */
function viewOf({ register, accounts, doors }: Access, asker: Asker): SessionView {
  const account = asker.kind === 'session' ? accounts.get(asker.name) : undefined;
  const csrfToken = doors.csrfTokenOf(asker.sessionId);
  return {
    // Whoever comes to a box whose accounts are damaged is not offered to begin anew; who has the control socket is.
    isSetUp: register.state === 'ready' || (register.state === 'damaged' && asker.kind !== 'socket'),
    guestsMayLook: register.data.guestsMayLook,
    ...(asker.right && { right: asker.right }),
    ...(account && { account: { name: account.name, right: account.right, hasTotp: account.totp !== undefined } }),
    ...(csrfToken !== undefined && { csrfToken }),
    via: asker.via,
  };
}

/** Signing in and out, the first account, and what everybody does with the own one. */
export const sessionRoutes = (access: Access): Route[] => {
  const { doors, signIn, accounts, presence } = access;
  /** The answer to who is in from now on, with the cookie. The control socket needs none. */
  const enter = (asker: Asker, { account, secret, sessionId }: SignedIn): Told<SessionView> | SessionView => {
    if (asker.kind === 'socket') {
      presence.sessions.end(sessionId);
      return viewOf(access, asker);
    }
    const { address, via } = asker;
    const self: Asker = { kind: 'session', name: account.name, right: account.right, address, via, sessionId };
    return withHeaders(viewOf(access, self), { 'set-cookie': setCookie(secret, via) });
  };
  /** Of whoever is nobody yet, so the row is written here: by the name that was shown to be theirs. */
  const enterAs = (what: AuditWhat, asker: Asker, name: string, entered: SignedIn | Refusal) => {
    const { address } = asker;
    if (!isRefusal(entered)) {
      doors.audit({ who: entered.account.name, address, what, detail: {}, outcome: 'done' });
      return enter(asker, entered);
    }
    // Somebody may have typed a password where the name belongs.
    const tried = accounts.get(name)?.name;
    const detail = { why: entered.refused, ...(tried !== undefined && { account: tried }) };
    const isLocked = entered.refused === 'locked';
    doors.audit({ who: '', address, what: isLocked ? 'locked' : what, detail, outcome: 'refused' });
    return refusedOf(entered);
  };
  /** Whose own account it is about; a token and the control socket have none. */
  const own = (asker: Asker): string | Refused =>
    asker.kind === 'session' ? asker.name : refuse('not-signed-in', 'Sign in: this is about an account of your own.');

  return [
    route('GET /api/session', 'anyone', ({ asker }) => viewOf(access, asker)),
    route('POST /api/session', 'anyone', async ({ body, asker, request }) =>
      enterAs('sign-in', asker, body.name, await signIn.signIn(body, seatOf(asker, request))),
    ),
    route('DELETE /api/session', 'anyone', ({ asker }) => {
      if (asker.kind === 'session' && asker.sessionId !== undefined) {
        presence.sessions.end(asker.sessionId);
        presence.touch();
        doors.audit({ who: asker.name, address: asker.address, what: 'sign-out', detail: {}, outcome: 'done' });
      }
      return withHeaders({}, { 'set-cookie': setCookie(undefined, asker.via) });
    }),
    route('POST /api/set-up', 'anyone', async ({ body, asker, request }) =>
      enterAs('set-up', asker, body.name, await signIn.setUp(body, seatOf(asker, request))),
    ),
    route(
      'POST /api/account/password',
      'look',
      async ({ body, asker, request }) => {
        const name = own(asker);
        if (name instanceof Refused) return name;
        return told(await signIn.changePassword(name, body, seatOf(asker, request)), (entered) =>
          enter(asker, entered),
        );
      },
      { audit: 'password-changed' },
    ),
    route('POST /api/account/totp', 'look', async ({ body, asker }) => {
      const name = own(asker);
      if (name instanceof Refused) return name;
      return told(await accounts.offerTotp(name, body.password, asker.address), (offer) => offer);
    }),
    route(
      'POST /api/account/totp/confirm',
      'look',
      async ({ body, asker }) => {
        const name = own(asker);
        if (name instanceof Refused) return name;
        return told(await accounts.confirmTotp(name, body.code), () => viewOf(access, asker));
      },
      { audit: 'totp-on' },
    ),
    route(
      'POST /api/account/totp/remove',
      'look',
      async ({ body, asker }) => {
        const name = own(asker);
        if (name instanceof Refused) return name;
        return told(await accounts.removeTotp(name, body.password, asker.address), () => viewOf(access, asker));
      },
      { audit: 'totp-off' },
    ),
  ];
};
