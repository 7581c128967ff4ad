import assert from 'node:assert/strict';
import { boxIn, handClock, PASSWORD } from '#access/fixtures.ts';
import type { SessionView } from '../contract-access.ts';
import type { Problem } from '../contract-common.ts';
import { startAdmin } from '../fixtures.ts';
import { accessRoutes } from './access-routes.ts';

type Said<Body> = { readonly status: number; readonly body: Body; readonly cookie: string | undefined };
/** Who asks, and what its browser says with it. */
export type Words = {
  cookie?: string | undefined;
  csrf?: string | undefined;
  token?: string;
  headers?: Record<string, string>;
};

/** A box with accounts that is asked over HTTP; everything that came out of it is kept, to look for secrets in. */
export async function openBox(folder: string, clock = handClock()) {
  const box = await boxIn(folder, clock);
  const address = { now: '' };
  const { doors } = box.access;
  const admin = await startAdmin({
    // Another address for who asks, as all of a test come from one.
    doors: {
      asker: (by) => doors.asker({ ...by, address: address.now === '' ? by.address : address.now }),
      csrfHolds: (asker, token) => doors.csrfHolds(asker, token),
      mayStay: (asker) => doors.mayStay(asker),
      audit: (row) => doors.audit(row),
    },
    routes: accessRoutes({ access: box.access, certificateInUse: () => false }),
  });
  const ask = async <Body = Problem>(
    method: string,
    path: string,
    body?: unknown,
    { cookie, csrf, token, headers = {} }: Words = {},
  ): Promise<Said<Body>> => {
    const answer = await fetch(admin.url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(cookie !== undefined && { cookie }),
        ...(csrf !== undefined && { 'x-csrf-token': csrf }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const set = answer.headers.get('set-cookie');
    return { status: answer.status, body: (await answer.json()) as Body, cookie: set?.split(';')[0] ?? undefined };
  };
  return {
    ...box,
    ask,
    address,
    url: admin.url,
    signIn: async (
      name: string,
      password: string,
      code?: string,
    ): Promise<Words & { status: number; why?: string }> => {
      const said = await ask<SessionView & Problem>('POST', '/api/session', { name, password, ...(code && { code }) });
      return { cookie: said.cookie, csrf: said.body.csrfToken, status: said.status, why: said.body.why };
    },
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      await box[Symbol.asyncDispose]();
    },
  };
}
export type Box = Awaited<ReturnType<typeof openBox>>;

/** Its first administrator, signed in. */
export const setUp = async ({ ask }: Box): Promise<Words> => {
  const said = await ask<SessionView>('POST', '/api/set-up', { name: 'ada', password: PASSWORD });
  assert.equal(said.status, 200, JSON.stringify(said.body));
  return { cookie: said.cookie, csrf: said.body.csrfToken };
};
