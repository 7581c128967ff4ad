/** A broken promise of our own code. The process logs it and ends: the service manager starts it again. */
export class BugError extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`bug: ${what}`, options);
  }
}

export function bug(what: string): never {
  throw new BugError(what);
}

/** One line for a log: the message and its causes, outermost first. */
export function errorText(error: unknown): string {
  const seen: string[] = [];
  for (let e: unknown = error; e !== undefined && e !== null && seen.length < 5; ) {
    seen.push(e instanceof Error ? e.message : String(e));
    e = e instanceof Error ? e.cause : undefined;
  }
  return seen.join(': ');
}

/** The `code` of a system error (`ENOSPC`, `ECONNRESET`, ...), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** True for the error that an aborted wait rejects with: expected at every shutdown, never worth a log line. */
export const isAbort = (error: unknown): boolean => (error as { name?: unknown } | null)?.name === 'AbortError';
