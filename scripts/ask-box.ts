/**
 * How commands ask the running box: through its control socket, which needs no password of whoever may open the file, or at its page's address
 * with an API token. ADMIN: the one or the other; TOKEN: the token.
 */
import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { env } from 'node:process';
import { text } from 'node:stream/consumers';

/** Where the unit of firmware/systemd keeps its data. */
const SOCKET = '/var/lib/swarmbox/control.sock';
export const admin = env.ADMIN || SOCKET;
const LIMIT_MS = 10_000;

export type Asked = {
  readonly method?: string;
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  readonly limitMs?: number;
};

/** The box's answer. Rejects with what the box says when it refuses, and when it says nothing for `limitMs`. */
export async function askBox({ method = 'GET', path, body, limitMs = LIMIT_MS }: Asked): Promise<IncomingMessage> {
  const headers = {
    ...(env.TOKEN && { authorization: `Bearer ${env.TOKEN}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = admin.startsWith('/')
    ? plain({ socketPath: admin, path, method, headers: { ...headers, host: 'localhost' } }, resolve)
    : (admin.startsWith('https:') ? secure : plain)(new URL(path, admin), { method, headers }, resolve);
  asked.setTimeout(limitMs, () => asked.destroy(new Error('no answer')));
  asked.on('error', reject);
  asked.end(body);
  const answer = await promise;
  if (answer.statusCode !== 200) throw new Error(whyOf(await text(answer)));
  return answer;
}

/** What a refusal says of itself. */
function whyOf(body: string): string {
  try {
    const { text: said } = JSON.parse(body) as { text?: unknown };
    return String(said ?? body);
  } catch {
    return body.trim();
  }
}
