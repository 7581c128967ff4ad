import { useState } from 'preact/hooks';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { bytesOf, type Chosen, FILES_MAX, ofDrop, ofInput, type Read } from './chosen-files.ts';
import { publishWords } from './words.ts';

const SHOWN = 6;

type Props = { files: readonly Chosen[]; error: string | undefined; onChoose: (files: readonly Chosen[]) => void };

/** Where files are dropped, or chosen; then what was chosen. */
export function FileChoice({ files, error, onChoose }: Props) {
  const words = publishWords.get();
  const [isOver, setOver] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const take = (read: Read) => {
    setWrong(
      read.kind === 'ok'
        ? undefined
        : { 'too-many': words.tooMany(FILES_MAX), empty: words.empty, unreadable: words.unreadable }[read.kind],
    );
    if (read.kind === 'ok') onChoose(read.files);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer) void ofDrop(event.dataTransfer).then(take);
  };
  const said = wrong ?? error;
  const pick = (event: Event) => {
    const { files: list } = event.currentTarget as HTMLInputElement;
    if (list && list.length > 0) take(ofInput(list));
  };
  return (
    <section aria-labelledby="publish-what">
      <h3 id="publish-what" class="part-title">
        {words.what}
      </h3>
      {said && (
        <p class="problem" role="alert">
          {said}
        </p>
      )}
      {files.length > 0 ? (
        <div class="chosen">
          <b data-figure="chosen">{words.chosen(words.files(files.length), saidBytes(bytesOf(files)))}</b>
          <ul>
            {files.slice(0, SHOWN).map(({ path }) => (
              <li key={path}>
                <bdi>{safeText(path, 200)}</bdi>
              </li>
            ))}
            {files.length > SHOWN && <li>{words.andMore(files.length - SHOWN)}</li>}
          </ul>
          <button type="button" onClick={() => onChoose([])}>
            {words.clear}
          </button>
        </div>
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way beside the buttons in it
        <div
          class={isOver ? 'drop over' : 'drop'}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <b>{words.drop}</b>
          <span class="aside">{words.or}</span>
          <div class="buttons">
            <label class="pick">
              {words.chooseFiles}
              <input type="file" data-field="files" multiple onChange={pick} />
            </label>
            <label class="pick">
              {words.chooseFolder}
              <input type="file" data-field="folder" {...{ webkitdirectory: true }} onChange={pick} />
            </label>
          </div>
        </div>
      )}
    </section>
  );
}
