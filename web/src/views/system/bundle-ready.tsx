import { useState } from 'preact/hooks';
import type { UpdateView } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { systemWords } from './words.ts';

type Props = { bundle: NonNullable<UpdateView['bundle']>; isBusy: boolean; onChanged: () => void };

/** What was received: which version, what is new in it, and whether it is to be installed. */
export function BundleReady({ bundle, isBusy, onChanged }: Props) {
  const words = systemWords.get().update;
  const [allowOlder, setAllowOlder] = useState(false);
  const { version, sizeBytes, notes, isOlder } = bundle;
  const act = async (route: 'POST /api/update/install' | 'POST /api/update/discard') => {
    const got =
      route === 'POST /api/update/install'
        ? await call(route, { body: allowOlder ? { allowOlder } : {} })
        : await call(route);
    if (got.ok) onChanged();
    return got;
  };
  return (
    <>
      <p class="update-version">{words.ready(safeText(version, 60))}</p>
      <p class="aside">{saidBytes(sizeBytes)}</p>
      {notes !== '' && (
        <>
          <h4>{words.notes}</h4>
          <p class="update-notes">
            {notes
              .split('\n')
              .slice(0, 100)
              .map((line) => safeText(line))
              .join('\n')}
          </p>
        </>
      )}
      {isOlder && (
        <>
          <p class="system-warn">{words.older}</p>
          <label class="tick">
            <input
              type="checkbox"
              checked={allowOlder}
              onChange={(event) => setAllowOlder(event.currentTarget.checked)}
            />
            <span>{words.allowOlder}</span>
          </label>
        </>
      )}
      <div class="system-acts">
        <ActButton
          act={() => act('POST /api/update/install')}
          kind="main"
          disabled={isBusy || (isOlder && !allowOlder)}
        >
          {words.install}
        </ActButton>
        <ActButton act={() => act('POST /api/update/discard')} disabled={isBusy}>
          {words.discard}
        </ActButton>
      </div>
    </>
  );
}
