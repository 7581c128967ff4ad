/** How commands ask the running box: its page's address, or its socket, in ADMIN. */
import { type IncomingMessage, request } from 'node:http';
import { env } from 'node:process';
import { text } from 'node:stream/consumers';

export const admin = env.ADMIN || 'http://127.0.0.1:8080';
const LIMIT_MS = 10_000;

/** The box's answer to `GET path`. Rejects with what the box says when it has none, and when it says nothing for `limitMs`. */
export async function askBox(path: string, limitMs = LIMIT_MS): Promise<IncomingMessage> {
  const at = admin.startsWith('/') ? { socketPath: admin, path, headers: { host: 'localhost' } } : new URL(path, admin);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request(at, resolve);
  asked.setTimeout(limitMs, () => asked.destroy(new Error('no answer')));
  asked.on('error', reject);
  asked.end();
  const answer = await promise;
  if (answer.statusCode !== 200) throw new Error(whyOf(await text(answer)));
  return answer;
}

/** What a refusal says of itself. */
function whyOf(body: string): string {
  try {
    const { text } = JSON.parse(body) as { text?: unknown };
    return String(text ?? body);
  } catch {
    return body.trim();
  }
}
