import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../../frame/call.ts';
import { saidShare } from '../../frame/said.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { uploadBundle } from './upload.ts';
import { systemWords } from './words.ts';

const isWeb = (url: string): boolean => /^https?:\/\/[^\s/]/.test(url);

/** Where a bundle comes from: this machine, or an address that the box fetches from. */
export function BundleSource({ onReceived }: { onReceived: () => void }) {
  const words = systemWords.get().update;
  const file = useRef<HTMLInputElement>(null);
  const sending = useRef<AbortController>(undefined);
  const [share, setShare] = useState<number>();
  const [url, setUrl] = useState('');
  const [wrong, setWrong] = useState<{ at: 'file' | 'url'; text: string }>();
  // Who leaves the view while it is sent stops it: nothing on the page would tell of it any more.
  useEffect(() => () => sending.current?.abort(), []);
  const say = (at: 'file' | 'url', text: string) => {
    setWrong({ at, text });
    focusField(`bundle-${at}`);
    return { ok: true } as const;
  };
  const upload = async () => {
    const chosen = file.current?.files?.[0];
    if (!chosen) return say('file', words.chooseFile);
    setWrong(undefined);
    sending.current = new AbortController();
    setShare(0);
    const got = await uploadBundle(chosen, setShare, sending.current.signal);
    setShare(undefined);
    if (got.ok) onReceived();
    return got;
  };
  const fetchIt = async () => {
    if (!isWeb(url.trim())) return say('url', words.urlWrong);
    setWrong(undefined);
    const got = await call('POST /api/update/url', { body: { url: url.trim() } });
    if (got.ok) onReceived();
    return got;
  };
  const errorAt = (at: 'file' | 'url') => (wrong?.at === at ? wrong.text : undefined);
  return (
    <>
      <form onSubmit={(event) => event.preventDefault()}>
        <Field
          label={words.file}
          hint={words.fileHint}
          error={errorAt('file')}
          control={(aria) => (
            <input {...aria} data-field="bundle-file" ref={file} type="file" onChange={() => setWrong(undefined)} />
          )}
        />
        {share !== undefined && (
          <div class="update-progress">
            <p>{words.uploading(saidShare(share))}</p>
            <progress max={1} value={share} aria-label={words.progress} />
            <button type="button" onClick={() => sending.current?.abort()}>
              {words.cancel}
            </button>
          </div>
        )}
        <ActButton act={upload} kind="main" submit>
          {words.upload}
        </ActButton>
      </form>
      <form class="bundle-url" onSubmit={(event) => event.preventDefault()}>
        <Field
          label={words.url}
          hint={words.urlHint}
          error={errorAt('url')}
          control={(aria) => (
            <input
              {...aria}
              data-field="bundle-url"
              type="url"
              class="wide-input"
              maxLength={2048}
              placeholder="https://"
              value={url}
              onInput={(event) => setUrl(event.currentTarget.value)}
            />
          )}
        />
        <ActButton act={fetchIt} submit>
          {words.fetch}
        </ActButton>
      </form>
    </>
  );
}
