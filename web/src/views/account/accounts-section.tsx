import { useState } from 'preact/hooks';
import type { AccountView } from '#admin/contract-access.ts';
import type { Problem, Right } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { saidAgo } from '../../frame/said.ts';
import { session } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote, problemText } from '../../parts/problem-note.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { AccountDialog } from './account-dialog.tsx';
import { isName } from './new-password.ts';
import { type NewPassword, NewPasswordFields, wrongAt } from './new-password-fields.tsx';
import { RightChoice } from './right-choice.tsx';
import { accountWords } from './words.ts';

export function AccountsSection() {
  const words = accountWords.get();
  const { answer, problem, again } = useAsked('GET /api/accounts', {});
  const [changed, setChanged] = useState<AccountView>();
  const [removed, setRemoved] = useState<AccountView>();
  const own = session.value?.account?.name;
  const remove = async ({ name }: AccountView) => {
    const got = await call('DELETE /api/accounts/{name}', { params: { name } });
    if (got.ok) {
      tell(words.removed);
      again();
    }
    return got;
  };
  return (
    <>
      <section class="card pad" aria-labelledby="accounts-title">
        <h3 class="account-title" id="accounts-title">
          {words.accountsTitle}
        </h3>
        <ProblemNote problem={problem} again={again} />
        <ul class="rows">
          {answer?.accounts.map((account) => (
            <li key={account.name}>
              <div>
                <p>
                  <b>
                    <bdi>{account.name}</bdi>
                  </b>{' '}
                  <i class="badge">{words.right[account.right]}</i>{' '}
                  {account.name === own && <span class="aside">{words.you}</span>}
                </p>
                <p class="aside">{told(account)}</p>
              </div>
              <button type="button" onClick={() => setChanged(account)} aria-label={words.changeOf(account.name)}>
                {words.change}
              </button>
              {account.name !== own && (
                <button type="button" onClick={() => setRemoved(account)} aria-label={words.removeOf(account.name)}>
                  {words.remove}
                </button>
              )}
            </li>
          ))}
        </ul>
      </section>
      <NewAccountForm onMade={again} />
      {changed && (
        <AccountDialog
          account={changed}
          onClose={() => {
            setChanged(undefined);
            again();
          }}
        />
      )}
      {removed && (
        <Confirm
          title={words.removeAccountTitle(removed.name)}
          yes={words.remove}
          isDangerous
          act={() => remove(removed)}
          onClose={() => setRemoved(undefined)}
        >
          <p>{words.removeAccountText}</p>
        </Confirm>
      )}
    </>
  );
}

function told({ hasTotp, lastSignInAtMs }: AccountView): string {
  const words = accountWords.get();
  const last =
    lastSignInAtMs === undefined ? words.neverSignedIn : words.lastSignIn(saidAgo(lastSignInAtMs, Date.now()));
  return hasTotp ? `${last} · ${words.withTotp}` : last;
}

const EMPTY: NewPassword = { password: '', again: '' };

function NewAccountForm({ onMade }: { onMade: () => void }) {
  const words = accountWords.get();
  const [name, setName] = useState('');
  const [fresh, setFresh] = useState(EMPTY);
  const [right, setRight] = useState<Right>('operate');
  const [wrong, setWrong] = useState<{ at: string; text: string }>();
  const say = (at: string, text: string) => {
    setWrong({ at, text });
    focusField(at);
  };
  const make = async () => {
    const trouble = wrongAt(fresh);
    if (!isName(name)) say('name', words.nameWrong);
    else if (trouble) say(trouble.at, words.trouble[trouble.why]);
    else {
      const got = await call('POST /api/accounts', { body: { name, password: fresh.password, right } });
      if (!got.ok) return got;
      setName('');
      setFresh(EMPTY);
      setWrong(undefined);
      tell(words.accountMade);
      onMade();
    }
    return { ok: true } as const;
  };
  const onProblem = (problem: Problem) => say(problem.why === 'conflict' ? 'name' : 'password', problemText(problem));
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="new-account">
      <h3 class="account-title" id="new-account">
        {words.newAccount}
      </h3>
      <Field
        label={words.name}
        error={wrong?.at === 'name' ? wrong.text : undefined}
        control={(aria) => (
          <input
            {...aria}
            data-field="name"
            type="text"
            class="wide-input"
            autocomplete="off"
            autocapitalize="off"
            maxLength={32}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      />
      <NewPasswordFields label={words.password} value={fresh} onChange={setFresh} wrong={wrong} />
      <RightChoice name="account-right" value={right} onChange={setRight} />
      <ActButton act={make} onProblem={onProblem} kind="main" submit>
        {words.makeAccount}
      </ActButton>
    </form>
  );
}
