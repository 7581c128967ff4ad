import { effect } from '@preact/signals';
import type { SessionView } from '#admin/contract-access.ts';
import { call, onSignInNeeded } from './call.ts';
import { keep, kept } from './language.ts';
import { live, startLive, stopLive } from './live-box.ts';
import { hashOf } from './route.ts';
import { go, place } from './router.ts';
import { includes, may, session } from './session.ts';

const SIGN_IN = '/sign-in';
const SET_UP = '/set-up';
/** Kept: when somebody could last look in this browser, ms; 0: nobody. */
const LOOKED = 'swarmbox.looked';
/** ms. A session ends after twelve hours without a question: whoever comes later is nobody. */
const FRESH_MS = 11 * 3_600_000;

/** What the box says of who looks: after signing in and out, and at the beginning. Leads on where the address cannot be shown. */
export function tellSession(view: SessionView): void {
  session.value = view;
  const { path } = place.peek();
  const isOutside = path === SIGN_IN || path === SET_UP;
  const mayLook = includes(view.right, 'look');
  keep(LOOKED, String(mayLook ? Date.now() : 0));
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

let asking = false;
/** Most likely whoever comes may look: it is not long since somebody could. Nobody else is asked for more than who looks: a browser writes down each refusal. */
export const isExpected = Date.now() - Number(kept(LOOKED)) < FRESH_MS;

/**
 * Whoever is expected has the figures asked for without waiting for the answer who looks. The page names that question as well (index.html), so that the
 * answer is here by now. Done once it was given.
 */
export function beginAsking(): Promise<void> {
  if (isExpected) startLive();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden' && session.value) keep(LOOKED, String(may('look') ? Date.now() : 0));
  });
  return askSession();
}

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

// A session that ended while the page was open: ask who is left (a guest may look) before leading to the sign-in. A guest is led there at once, and
// asked for too: it may be that guests may look no longer.
onSignInNeeded(() => {
  if (!session.value?.account) toSignIn();
  void askSession();
});

// The socket cannot say why it does not open. A view that asks nothing else would wait for it for ever.
effect(() => {
  if (live.value.link.kind === 'lost' && live.value.link.retryAtMs !== undefined) void askSession();
});
