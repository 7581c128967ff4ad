import { useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { tellSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { problemText } from '../../parts/problem-note.tsx';
import { focusField, SecretField } from '../../parts/secret-field.tsx';
import { type NewPassword, NewPasswordFields, wrongAt } from './new-password-fields.tsx';
import { accountWords } from './words.ts';

const EMPTY: NewPassword = { password: '', again: '' };

export function PasswordCard({ name }: { name: string }) {
  const words = accountWords.get();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState(EMPTY);
  const [wrong, setWrong] = useState<{ at: string; text: string }>();
  const say = (at: string, text: string) => {
    setWrong({ at, text });
    focusField(at);
  };
  const change = async () => {
    const trouble = wrongAt(fresh);
    if (trouble) {
      say(trouble.at, words.trouble[trouble.why]);
      return { ok: true } as const;
    }
    const got = await call('POST /api/account/password', { body: { old, new: fresh.password } });
    if (!got.ok) return got;
    setOld('');
    setFresh(EMPTY);
    setWrong(undefined);
    tellSession(got.answer);
    tell(words.passwordChanged);
    return got;
  };
  const onProblem = (problem: Problem) =>
    say(problem.why === 'wrong-password' || problem.why === 'locked' ? 'old' : 'password', problemText(problem));
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="password-title">
      <h3 class="account-title" id="password-title">
        {words.passwordTitle}
      </h3>
      {/* For password managers: whose password it is. */}
      <input
        type="text"
        class="unseen"
        autocomplete="username"
        value={name}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <SecretField
        label={words.oldPassword}
        name="old"
        error={wrong?.at === 'old' ? wrong.text : undefined}
        value={old}
        onChange={setOld}
        autocomplete="current-password"
      />
      <NewPasswordFields label={words.newPassword} value={fresh} onChange={setFresh} wrong={wrong} />
      <ActButton act={change} onProblem={onProblem} kind="main" submit>
        {words.changePassword}
      </ActButton>
    </form>
  );
}
