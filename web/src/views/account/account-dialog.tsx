import { useState } from 'preact/hooks';
import type { AccountView } from '#admin/contract-access.ts';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { askSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { problemText } from '../../parts/problem-note.tsx';
import { SecretField } from '../../parts/secret-field.tsx';
import { PASSWORD_MIN } from './new-password.ts';
import { RightChoice } from './right-choice.tsx';
import { accountWords } from './words.ts';

/** What an administrator may change of an account. */
export function AccountDialog({ account, onClose }: { account: AccountView; onClose: () => void }) {
  const words = accountWords.get();
  const [right, setRight] = useState(account.right);
  const [password, setPassword] = useState('');
  const [removeTotp, setRemoveTotp] = useState(false);
  const [error, setError] = useState<string>();
  const save = async () => {
    if (password !== '' && password.length < PASSWORD_MIN) {
      setError(words.trouble['too-short']);
      return { ok: true } as const;
    }
    const body = {
      ...(right !== account.right && { right }),
      ...(password !== '' && { password }),
      ...(removeTotp && { removeTotp }),
    } as const;
    const got = await call('PATCH /api/accounts/{name}', { params: { name: account.name }, body });
    if (!got.ok) return got;
    tell(words.accountChanged);
    // It may have been one's own.
    void askSession();
    onClose();
    return got;
  };
  return (
    <Dialog title={words.changeTitle(account.name)} onClose={onClose}>
      <form onSubmit={(event) => event.preventDefault()}>
        <RightChoice name="changed-right" value={right} onChange={setRight} />
        <SecretField
          label={words.setPassword}
          hint={words.setPasswordHint}
          error={error}
          value={password}
          onChange={setPassword}
          autocomplete="new-password"
        />
        {account.hasTotp && (
          <label class="tick">
            <input
              type="checkbox"
              checked={removeTotp}
              onChange={(event) => setRemoveTotp(event.currentTarget.checked)}
            />
            <span>{words.removeTotp}</span>
          </label>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            {frameWords.get().cancel}
          </button>
          <ActButton act={save} onProblem={(problem: Problem) => setError(problemText(problem))} kind="main" submit>
            {words.saveAccount}
          </ActButton>
        </footer>
      </form>
    </Dialog>
  );
}
