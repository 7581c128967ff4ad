import type { Problem } from '#admin/contract-common.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidShare } from '../../frame/said.ts';
import { problemText } from '../../parts/problem-note.tsx';
import type { Chosen } from './chosen-files.ts';
import type { UploadState } from './use-upload.ts';
import { publishWords } from './words.ts';

type Props = {
  state: UploadState;
  files: readonly Chosen[];
  onGoOn: (event: Event) => void;
  /** What was sent goes. */
  onDiscard: () => void;
  /** Nothing was sent: back to the form. */
  onBack: () => void;
};

/** What becomes of it: how far it is sent, or why not. */
export function UploadPanel({ state, files, onGoOn, onDiscard, onBack }: Props) {
  const words = publishWords.get();
  if (state.kind === 'sending') {
    const share = state.all > 0 ? Math.min(1, state.bytes / state.all) : 0;
    return (
      <section class="card pad upload-state">
        <p role="status">
          {state.againInS === undefined
            ? words.sending(saidShare(share), saidBytes(state.bytes), saidBytes(state.all))
            : words.again(state.againInS)}
        </p>
        <progress max={1} value={share} aria-label={words.progress} />
        <div class="buttons">
          <button type="button" onClick={onDiscard}>
            {words.stop}
          </button>
        </div>
      </section>
    );
  }
  if (state.kind === 'failed')
    return (
      <section class="card pad upload-state">
        <div class="problem" role="alert">
          <p>
            <b>{words.failed}.</b> <bdi>{failureText(state.problem, files)}</bdi>
          </p>
        </div>
        <div class="buttons">
          {state.id !== undefined && (
            <button type="button" class="main" onClick={onGoOn}>
              {words.goOn}
            </button>
          )}
          <button type="button" onClick={state.id === undefined ? onBack : onDiscard}>
            {state.id === undefined ? words.clear : words.discard}
          </button>
        </div>
      </section>
    );
  return (
    <section class="card pad upload-state">
      <p role="status">{words.reading}</p>
      <progress aria-label={words.progress} />
    </section>
  );
}

/** Of a path that cannot be taken, which one; else the reason as it is told everywhere. */
function failureText(problem: Problem, files: readonly Chosen[]): string {
  const words = publishWords.get();
  if (problem.fields?.some(({ path }) => path === 'name')) return words.badName;
  const field = problem.fields?.find(({ path }) => path.startsWith('files.'));
  const at = /^files\.(\d+)\./.exec(field?.path ?? '')?.[1];
  const path = at === undefined ? undefined : files[Number(at)]?.path;
  if (field && path !== undefined) {
    const shown = safeText(path, 200);
    if (field.code === 'not-unique') return words.twice(shown);
    return field.code === 'too-long' ? words.longPath(shown) : words.badPath(shown);
  }
  return problemText(problem);
}
