import { useEffect, useState } from 'preact/hooks';
import type { NewOrder } from '#admin/contract-tasks.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { addTorrents } from './add-torrents.ts';
import { linksOf } from './add-torrents-text.ts';
import { torrentsWords } from './words.ts';

type Props = {
  /** Dropped on the page, before the dialog was opened or on it. */
  dropped: readonly File[];
  /** True: something was added. */
  onClose: (added: boolean) => void;
};

/** Wants torrents here before anybody asks for them. */
export function AddDialog({ dropped, onClose }: Props) {
  const words = torrentsWords.get();
  const [text, setText] = useState('');
  const [files, setFiles] = useState(dropped);
  useEffect(() => {
    if (dropped.length > 0) setFiles(dropped);
  }, [dropped]);
  const [when, setWhen] = useState<NewOrder['when']>('window');
  const add = async () => {
    const done = await addTorrents(linksOf(text), files, when);
    if (done.ok) onClose(true);
    return done;
  };
  return (
    <Dialog title={words.add} onClose={() => onClose(false)}>
      <form onSubmit={(event) => event.preventDefault()}>
        <Field
          label={words.addLink}
          control={(aria) => (
            <textarea
              {...aria}
              data-first
              rows={3}
              autocomplete="off"
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        />
        <Field
          label={words.addFiles}
          hint={files.length > 0 ? files.map((file) => file.name.slice(0, 60)).join(', ') : words.addFilesHint}
          control={(aria) => (
            <input
              {...aria}
              type="file"
              accept=".torrent,application/x-bittorrent"
              multiple
              onChange={(event) => setFiles([...(event.currentTarget.files ?? [])])}
            />
          )}
        />
        <Choice
          label={words.addWhen}
          value={when}
          onChoose={setWhen}
          options={[
            { value: 'window', text: words.addWindow },
            { value: 'now', text: words.addNow },
          ]}
        />
        <footer>
          <button type="button" onClick={() => onClose(false)}>
            {frameWords.get().cancel}
          </button>
          <ActButton submit kind="main" act={add}>
            {words.addDo}
          </ActButton>
        </footer>
      </form>
    </Dialog>
  );
}
