import { UPDATE_LIMITS } from './limits.ts';

export type Opened =
  | { readonly kind: 'open'; readonly body: AsyncIterable<Uint8Array>; readonly totalBytes?: number }
  | { readonly kind: 'failed'; readonly why: string };

/** Asks for a bundle over HTTP. Its signature says what it is, so plain HTTP will do. Rejects only when the signal aborts. */
export async function openUrl(url: string, signal: AbortSignal): Promise<Opened> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return { kind: 'failed', why: 'it is no address of the web' };
  const { place, headers } = requestOf(url);
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), UPDATE_LIMITS.silentMs);
  const over = () => clearTimeout(timer);
  try {
    const both = AbortSignal.any([signal, silence.signal]);
    const answer = await fetch(place, { signal: both, headers });
    if (!answer.ok || !answer.body) {
      over();
      await answer.body?.cancel();
      return { kind: 'failed', why: `the server answered ${answer.status}` };
    }
    const said = answer.headers.get('content-length');
    const totalBytes = said !== null && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
    // Read from now on: fetch ends a body that nobody reads when its answer is forgotten.
    const body = heard(answer.body.values(), timer, over);
    return { kind: 'open', body, ...(totalBytes !== undefined && { totalBytes }) };
  } catch (error) {
    over();
    signal.throwIfAborted();
    return { kind: 'failed', why: silence.signal.aborted ? 'the server is silent' : reason(error) };
  }
}

/** A name and a password in the address go into a header: fetch takes none there, and says them in its error. */
function requestOf(url: string): { place: URL; headers: Record<string, string> } {
  const place = new URL(url);
  const headers = { accept: '*/*', 'accept-encoding': 'identity' };
  const { username, password } = place;
  if (username === '' && password === '') return { place, headers };
  place.username = '';
  place.password = '';
  const said = Buffer.from(`${plain(username)}:${plain(password)}`).toString('base64');
  return { place, headers: { ...headers, authorization: `Basic ${said}` } };
}

/** What is no escape stands for itself. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Each chunk winds the timer up again. */
async function* heard(
  body: AsyncIterable<Uint8Array>,
  timer: NodeJS.Timeout,
  over: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      timer.refresh();
      yield chunk;
    }
  } finally {
    over();
  }
}

const reason = (error: unknown): string => {
  const cause = (error as { cause?: unknown }).cause;
  return cause instanceof Error ? cause.message : String((error as Error).message);
};
