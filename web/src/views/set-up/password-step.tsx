import { useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { askSession, tellSession } from '../../frame/start-session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { problemText } from '../../parts/problem-note.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { isName } from '../account/new-password.ts';
import { type NewPassword, NewPasswordFields, wrongAt } from '../account/new-password-fields.tsx';
import { accountWords } from '../account/words.ts';
import { setUpWords } from './words.ts';

const EMPTY: NewPassword = { password: '', again: '' };

/** The first account. From then on the page is signed in, and everything else may be done. */
export function PasswordStep() {
  const words = setUpWords.get();
  const [name, setName] = useState('admin');
  const [fresh, setFresh] = useState(EMPTY);
  const [guestsMayLook, setGuests] = useState(false);
  const [wrong, setWrong] = useState<{ at: string; text: string }>();
  const say = (at: string, text: string) => {
    setWrong({ at, text });
    focusField(at);
  };
  const make = async () => {
    const trouble = wrongAt(fresh);
    if (!isName(name)) say('name', words.nameWrong);
    else if (trouble) say(trouble.at, accountWords.get().trouble[trouble.why]);
    else {
      const got = await call('POST /api/set-up', { body: { name, password: fresh.password, guestsMayLook } });
      // The step is done when the session says that an account exists.
      if (got.ok) tellSession(got.answer);
      return got;
    }
    return { ok: true } as const;
  };
  const onProblem = (problem: Problem) => {
    if (problem.why === 'already-set-up') {
      tell(words.already, true);
      void askSession();
    } else if (problem.why === 'weak-password' || problem.why === 'invalid') say('password', problemText(problem));
    else tell(problemText(problem), true);
  };
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Field
        label={words.name}
        error={wrong?.at === 'name' ? wrong.text : undefined}
        control={(aria) => (
          <input
            {...aria}
            data-field="name"
            type="text"
            class="wide-input"
            autocomplete="username"
            autocapitalize="off"
            maxLength={32}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      />
      <NewPasswordFields label={words.password} value={fresh} onChange={setFresh} wrong={wrong} />
      <label class="tick">
        <input type="checkbox" checked={guestsMayLook} onChange={(event) => setGuests(event.currentTarget.checked)} />
        <span>
          {words.guests}
          <span class="aside step-hint">{words.guestsHint}</span>
        </span>
      </label>
      <ActButton act={make} onProblem={onProblem} kind="main" submit>
        {words.make}
      </ActButton>
    </form>
  );
}
