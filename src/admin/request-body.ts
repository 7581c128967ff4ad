import type { IncomingMessage } from 'node:http';
import { ADMIN_LIMITS } from './limits.ts';
import { type Refused, refuse } from './route.ts';

/** What all bodies that are being read hold together: a few large ones must not cost the box its memory. */
let held = 0;

/** The body as JSON. A body of none is `undefined`, and right where a route takes none. */
export async function jsonBody(request: IncomingMessage, maxBytes: number): Promise<{ json: unknown } | Refused> {
  if (!hasBody(request)) return { json: undefined };
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    return refuse('wrong-type', 'Send the body as application/json.');
  const said = Number(request.headers['content-length'] ?? 0);
  if (said > maxBytes) return tooLarge(maxBytes);
  const bytes = await read(request, maxBytes);
  if (!Buffer.isBuffer(bytes)) return bytes;
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return refuse('malformed', 'The body is no JSON text in UTF-8.');
  }
}

/** RFC 9112, 6.3. */
const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';

const tooLarge = (maxBytes: number): Refused => refuse('too-large', `The body may have ${maxBytes} bytes at most.`);

async function read(request: IncomingMessage, maxBytes: number): Promise<Buffer | Refused> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      held += part.length;
      if (bytes > maxBytes) return tooLarge(maxBytes);
      if (held > ADMIN_LIMITS.bodiesBytes)
        return refuse('busy', 'Too much is being sent at the same time.', { waitMs: 1000 });
      parts.push(part);
    }
    return Buffer.concat(parts);
  } finally {
    held -= bytes;
  }
}
