import { UPDATE_LIMITS } from './limits.ts';

export type Opened =
  | { readonly kind: 'open'; readonly body: AsyncIterable<Uint8Array>; readonly totalBytes?: number }
  | { readonly kind: 'failed'; readonly why: string };

/** Asks for a bundle over HTTP. Its signature says what it is, so plain HTTP will do. Rejects only when the signal aborts. */
export async function openUrl(url: string, signal: AbortSignal): Promise<Opened> {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return { kind: 'failed', why: 'it is no address of the web' };
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), UPDATE_LIMITS.silentMs);
  const over = () => clearTimeout(timer);
  try {
    const both = AbortSignal.any([signal, silence.signal]);
    const answer = await fetch(url, { signal: both, headers: { accept: '*/*', 'accept-encoding': 'identity' } });
    if (!answer.ok || !answer.body) {
      over();
      await answer.body?.cancel();
      return { kind: 'failed', why: `the server answered ${answer.status}` };
    }
    const said = answer.headers.get('content-length');
    const totalBytes = said !== null && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
    const body = heard(answer.body, timer, over);
    return { kind: 'open', body, ...(totalBytes !== undefined && { totalBytes }) };
  } catch (error) {
    over();
    signal.throwIfAborted();
    return { kind: 'failed', why: silence.signal.aborted ? 'the server is silent' : reason(error) };
  }
}

/** Each chunk winds the timer up again. */
async function* heard(
  body: ReadableStream<Uint8Array>,
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
