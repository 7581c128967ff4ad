import './publish.css';
import '../../parts/rows.css';
import { useEffect, useState } from 'preact/hooks';
import { fleet } from '../../fleet/live-fleet.ts';
import { useNodes } from '../../fleet/use-changes.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { go } from '../../frame/router.ts';
import { tell } from '../../frame/tell.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { type Chosen, nameOf } from './chosen-files.ts';
import { type Draft, type DraftFlaw, EMPTY_DRAFT, publicationOf } from './draft.ts';
import { FileChoice } from './file-choice.tsx';
import { HowFields } from './how-fields.tsx';
import { TextField } from './text-field.tsx';
import { UploadPanel } from './upload-panel.tsx';
import { useUpload } from './use-upload.ts';
import { WhoFields } from './who-fields.tsx';
import { publishWords } from './words.ts';

export function View() {
  const words = publishWords.get();
  const nodes = useNodes(fleet.value?.nodesRev);
  const [files, setFiles] = useState<readonly Chosen[]>([]);
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [flaw, setFlaw] = useState<DraftFlaw>();
  const { state, run, discard, forget } = useUpload();
  const all = nodes.rows ? [...nodes.rows.values()] : [];
  const sites = [...new Set(all.map(({ site }) => site))].sort();
  const change = (more: Partial<Draft>) => {
    setFlaw(undefined);
    setDraft({ ...draft, ...more });
  };
  useEffect(() => {
    if (state.kind !== 'published') return;
    tell(words.published);
    go(`/distributions/${state.distribution}`);
  }, [state.kind]);
  const choose = (chosen: readonly Chosen[]) => {
    setFlaw(undefined);
    setFiles(chosen);
    const name = nameOf(chosen);
    if (name !== '' && (draft.name === '' || draft.name === nameOf(files))) setDraft({ ...draft, name });
  };
  const publish = (event: Event) => {
    event.preventDefault();
    const asked = publicationOf(draft, files.length, new Set(all.map(({ name }) => name)), Date.now());
    if (asked.ok) {
      setFlaw(undefined);
      void run(files, asked.publication);
      return;
    }
    setFlaw(asked.flaw);
    focusField(asked.flaw.at);
  };
  const errorAt = (at: DraftFlaw['at']): string | undefined => {
    if (flaw?.at !== at) return undefined;
    return flaw.why === 'nodeUnknown' ? words.nodeUnknown(flaw.name ?? '') : words[flaw.why];
  };
  const isIdle = state.kind === 'none';
  return (
    <>
      <div class="heading">
        <h2>{frameWords.get().views.publish}</h2>
      </div>
      <form class="publish" onSubmit={publish}>
        {!isIdle && (
          <UploadPanel
            state={state}
            files={files}
            onGoOn={publish}
            onDiscard={() => void discard().then(() => tell(words.stopped))}
            onBack={forget}
          />
        )}
        {isIdle && (
          <>
            <div class="card pad">
              <p class="lead">{words.intro}</p>
              <FileChoice files={files} error={errorAt('files')} onChoose={choose} />
            </div>
            {files.length > 0 && (
              <>
                <div class="card pad">
                  <TextField
                    name="name"
                    label={words.name}
                    hint={words.nameHint}
                    error={errorAt('name')}
                    value={draft.name}
                    onChange={(name) => change({ name })}
                    kind="wide"
                  />
                  <WhoFields draft={draft} change={change} sites={sites} errorAt={errorAt} />
                </div>
                <div class="card pad">
                  <HowFields draft={draft} change={change} errorAt={errorAt} />
                </div>
                <div>
                  <button type="submit" class="main">
                    {words.publish}
                  </button>
                </div>
              </>
            )}
          </>
        )}
      </form>
    </>
  );
}
