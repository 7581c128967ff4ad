import { useRef, useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { tellUnconfirmed } from '../../confirm/confirm-store.ts';
import { call } from '../../frame/call.ts';
import { askSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { problemText } from '../../parts/problem-note.tsx';
import { SecretField } from '../../parts/secret-field.tsx';
import { downloadAs } from './download.ts';
import { load } from './settings-store.ts';
import { settingsWords } from './words.ts';

const PASSPHRASE_MIN = 10;
/** What the contract takes, in characters. */
const BACKUP_MAX = 33_554_432;

export function BackupSection() {
  return (
    <>
      <MakeBackup />
      <RestoreBackup />
    </>
  );
}

function MakeBackup() {
  const words = settingsWords.get().backup;
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [isTried, setTried] = useState(false);
  const isShort = passphrase !== '' && passphrase.length < PASSPHRASE_MIN;
  const differs = passphrase !== again;
  const make = async () => {
    setTried(true);
    if (isShort || differs) return { ok: true } as const;
    const got = await call('POST /api/backup', { body: passphrase === '' ? {} : { passphrase } });
    if (!got.ok) return got;
    downloadAs(got.answer, `swarmbox-${new Date().toISOString().slice(0, 10)}.backup`);
    tell(words.made);
    return got;
  };
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="backup-title">
      <h3 class="settings-group" id="backup-title">
        {words.title}
      </h3>
      <p class="settings-lead">{words.text}</p>
      <SecretField
        label={words.passphrase}
        hint={words.passphraseHint}
        error={isTried && isShort ? words.tooShort : undefined}
        value={passphrase}
        onChange={setPassphrase}
        autocomplete="new-password"
      />
      {passphrase !== '' && (
        <SecretField
          label={words.again}
          error={isTried && differs ? words.differs : undefined}
          value={again}
          onChange={setAgain}
          autocomplete="new-password"
        />
      )}
      <ActButton act={make} kind="main" submit>
        {words.make}
      </ActButton>
    </form>
  );
}

function RestoreBackup() {
  const words = settingsWords.get().backup;
  const file = useRef<HTMLInputElement>(null);
  const [passphrase, setPassphrase] = useState('');
  const [error, setError] = useState<{ at: 'file' | 'passphrase'; text: string }>();
  const restore = async () => {
    setError(undefined);
    const chosen = file.current?.files?.[0];
    if (!chosen || chosen.size > BACKUP_MAX) {
      setError({ at: 'file', text: chosen ? words.tooLarge : words.chooseFile });
      file.current?.focus();
      return { ok: true } as const;
    }
    const backup = await chosen.text();
    const body = passphrase === '' ? { backup } : { backup, passphrase };
    const got = await call('POST /api/backup/restore', { body });
    if (!got.ok) return got;
    tellUnconfirmed('settings', got.answer.unconfirmed);
    const { accountsRestored, ordersRestored } = got.answer;
    // With the accounts all sessions are of before.
    if (accountsRestored) void askSession();
    else await load();
    tell(`${words.restored(accountsRestored, ordersRestored)}${accountsRestored ? ` ${words.signInAgain}` : ''}`);
    return got;
  };
  const onProblem = (problem: Problem) => {
    const text = problemText(problem);
    if (problem.why === 'wrong-passphrase') setError({ at: 'passphrase', text });
    else if (problem.why === 'not-a-backup' || problem.why === 'too-large') setError({ at: 'file', text });
    else tell(text, true);
  };
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="restore-title">
      <h3 class="settings-group" id="restore-title">
        {words.restoreTitle}
      </h3>
      <Field
        label={words.file}
        error={error?.at === 'file' ? error.text : undefined}
        control={(aria) => <input {...aria} ref={file} type="file" onChange={() => setError(undefined)} />}
      />
      <SecretField
        label={words.filePassphrase}
        hint={words.filePassphraseHint}
        error={error?.at === 'passphrase' ? error.text : undefined}
        value={passphrase}
        onChange={setPassphrase}
        autocomplete="off"
      />
      <ActButton act={restore} onProblem={onProblem} submit>
        {words.restore}
      </ActButton>
    </form>
  );
}
