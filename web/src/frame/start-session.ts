import type { SessionView } from '#admin/contract-access.ts';
import { call, onSignInNeeded } from './call.ts';
import { keep, kept } from './language.ts';
import { startLive, stopLive } from './live-box.ts';
import { hashOf } from './route.ts';
import { go, place } from './router.ts';
import { includes, session } from './session.ts';

const SIGN_IN = '/sign-in';
const SET_UP = '/set-up';
/** Kept: whether the last visitor of this browser could look. */
const LOOKED = 'swarmbox.looked';

/** What the box says of who looks: after signing in and out, and at the beginning. Leads on where the address cannot be shown. */
export function tellSession(view: SessionView): void {
  session.value = view;
  const { path } = place.peek();
  const isOutside = path === SIGN_IN || path === SET_UP;
  const mayLook = includes(view.right, 'look');
  keep(LOOKED, mayLook ? '1' : '');
  if (mayLook) startLive();
  else stopLive();
  if (!view.isSetUp) go(SET_UP, {}, true);
  else if (path === SET_UP) {
    // The set-up goes on after it made the account, and may be gone through again; it leads on by itself.
    if (view.right === undefined) go(SIGN_IN, {}, true);
    else if (!includes(view.right, 'administer')) leaveSignIn();
  } else if (view.right === undefined) toSignIn();
  else if (isOutside && view.account) leaveSignIn();
}

/** Back to where the sign-in was needed. */
export function leaveSignIn(): void {
  const back = place.peek().query.get('back') ?? '/';
  const [path = '/', query = ''] = back.split('?', 2);
  const isOutside = path === SIGN_IN || path === SET_UP || !path.startsWith('/');
  go(isOutside ? '/' : path, isOutside ? {} : Object.fromEntries(new URLSearchParams(query)), true);
}

/** To the sign-in, and from there back here. */
export function toSignIn(): void {
  const { path, query } = place.peek();
  if (path === SIGN_IN || path === SET_UP) return;
  const here = hashOf(path, Object.fromEntries(query)).slice(1);
  go(SIGN_IN, here === '/' ? {} : { back: here }, true);
}

/**
 * Who could look the last time most likely can now: the figures are asked for without waiting for the answer who looks. The page names that question
 * as well (index.html), so that the answer is here by now. Done once it was given.
 */
export function beginAsking(): Promise<void> {
  if (kept(LOOKED) === '1') startLive();
  return askSession();
}

let asking = false;
/** Asks the box who looks. */
export async function askSession(): Promise<void> {
  if (asking) return;
  asking = true;
  const got = await call('GET /api/session');
  asking = false;
  if (got.ok) tellSession(got.answer);
  // A box that does not answer now is found by the socket, which tries again; then it is asked once more.
  else setTimeout(() => session.value === undefined && void askSession(), 3000);
}

// A session that ended while the page was open: ask who is left (a guest may look) before leading to the sign-in.
onSignInNeeded(() => {
  if (session.value?.account) void askSession();
  else toSignIn();
});
