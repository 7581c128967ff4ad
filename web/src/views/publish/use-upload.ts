import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import type { FleetUpload, NewPublication } from '#admin/contract-fleet.ts';
import { call } from '../../frame/call.ts';
import type { Chosen } from './chosen-files.ts';
import { sendAll } from './send-files.ts';
import { sendPart } from './send-part.ts';

/** ms between questions whether it is published. */
const LOOK_MS = 1000;

export type UploadState =
  | { kind: 'none' }
  /** `againInS`: the line broke. */
  | { kind: 'sending'; bytes: number; all: number; againInS?: number }
  | { kind: 'reading' }
  /** `id`: what is there can be gone on with. */
  | { kind: 'failed'; problem: Problem; id?: string }
  | { kind: 'published'; distribution: string };

const waited = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Sends what was chosen and has it published. It ends when the view is left. */
export function useUpload() {
  const [state, setState] = useState<UploadState>({ kind: 'none' });
  const running = useRef<AbortController>(undefined);
  const begun = useRef<FleetUpload>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    if (state.kind !== 'sending') return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [state.kind]);

  /** Goes on with what was begun, or begins. */
  const run = async (files: readonly Chosen[], publication: NewPublication): Promise<void> => {
    running.current?.abort();
    const ending = new AbortController();
    running.current = ending;
    const { signal } = ending;
    const say = (next: UploadState) => !signal.aborted && setState(next);
    const all = files.reduce((sum, { file }) => sum + file.size, 0);
    say({ kind: 'sending', bytes: begun.current?.receivedBytes ?? 0, all });
    const start = begun.current
      ? await call('GET /api/fleet/uploads/{id}', { params: { id: begun.current.id }, signal })
      : await call('POST /api/fleet/uploads', {
          body: {
            name: publication.name,
            files: files.map(({ path, file }) => ({ path, bytes: file.size })),
          },
          signal,
        });
    if (!start.ok) {
      if (start.problem.why === 'not-found') begun.current = undefined;
      return void say(failedWith(start.problem, begun.current?.id));
    }
    begun.current = start.answer;
    const { id } = start.answer;
    const sent = await sendAll(
      start.answer,
      files.length,
      {
        send: (part, onBytes, of) => sendPart((files[part.file] as Chosen).file, part, onBytes, of),
        view: (upload, of) => call('GET /api/fleet/uploads/{id}', { params: { id: upload }, signal: of }),
        wait: waited,
        onBytes: (bytes) => say({ kind: 'sending', bytes, all }),
        onPause: (ms) =>
          setState((now) =>
            now.kind !== 'sending' || signal.aborted
              ? now
              : { kind: 'sending', bytes: now.bytes, all, ...(ms !== undefined && { againInS: Math.ceil(ms / 1000) }) },
          ),
      },
      signal,
    );
    if (!sent.ok) return void say(failedWith(sent.problem, id));
    let now = await call('POST /api/fleet/uploads/{id}/publish', { params: { id }, body: publication, signal });
    while (now.ok && now.answer.state === 'reading' && !signal.aborted) {
      say({ kind: 'reading' });
      await waited(LOOK_MS, signal);
      now = await call('GET /api/fleet/uploads/{id}', { params: { id }, signal });
      // A central that is away for a moment is asked again.
      if (!now.ok && now.problem.why === 'no-answer') now = { ok: true, answer: { ...start.answer, state: 'reading' } };
    }
    if (!now.ok) return void say(failedWith(now.problem, id));
    begun.current = undefined;
    const { distribution, why } = now.answer;
    if (distribution !== undefined) say({ kind: 'published', distribution });
    else say(failedWith({ why: why ?? 'failed', text: why ?? '' }, undefined));
  };

  /** What was sent is not wanted any more. */
  const discard = async (): Promise<void> => {
    running.current?.abort();
    const id = begun.current?.id;
    begun.current = undefined;
    setState({ kind: 'none' });
    if (id !== undefined) await call('DELETE /api/fleet/uploads/{id}', { params: { id } });
  };

  return { state, run, discard, forget: () => setState({ kind: 'none' }) };
}

const failedWith = (problem: Problem, id: string | undefined): UploadState => ({
  kind: 'failed',
  problem,
  ...(id !== undefined && { id }),
});
