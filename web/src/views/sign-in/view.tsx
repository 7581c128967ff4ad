import './sign-in.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { may } from '../../frame/session.ts';
import { leaveSignIn, tellSession } from '../../frame/start-session.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { problemText } from '../../parts/problem-note.tsx';
import { signInWords } from './words.ts';

type Wrong = { at: 'name' | 'password' | 'code'; text: string };

export function View() {
  const words = signInWords.get();
  const form = useRef<HTMLFormElement>(null);
  const [wrong, setWrong] = useState<Wrong>();
  const [needsCode, setNeedsCode] = useState(false);
  const [lockedS, lockFor] = useLock();
  useEffect(() => focus(form.current, 'name'), []);
  useEffect(() => {
    if (needsCode) focus(form.current, 'code');
  }, [needsCode]);

  const signIn = async () => {
    // Read from the form and not kept: password managers fill it without telling.
    const given = new FormData(form.current as HTMLFormElement);
    const textOf = (key: Wrong['at']) => String(given.get(key) ?? '');
    const [name, password, code] = [textOf('name').trim(), textOf('password'), textOf('code').replace(/\s/g, '')];
    const missing = !name ? 'name' : !password ? 'password' : needsCode && !code ? 'code' : undefined;
    if (missing) {
      setWrong({ at: missing, text: words.missing });
      focus(form.current, missing);
      return { ok: true } as const;
    }
    setWrong(undefined);
    const body = { name, password, ...(code && { code }) };
    const got = await call('POST /api/session', { body });
    if (got.ok) tellSession(got.answer);
    return got;
  };
  const onProblem = (problem: Problem) => {
    if (problem.why === 'code-needed') return setNeedsCode(true);
    if (problem.waitMs !== undefined) lockFor(problem.waitMs);
    const at = problem.why === 'wrong-code' ? 'code' : 'password';
    if (at === 'code') setNeedsCode(true);
    setWrong({ at, text: problemText({ why: problem.why, text: problem.text }) });
    focus(form.current, at);
  };
  const errorAt = (at: Wrong['at']) => (wrong?.at === at ? wrong.text : undefined);
  return (
    <form
      class="sign-in card pad"
      ref={form}
      onSubmit={(event) => event.preventDefault()}
      aria-labelledby="sign-in-title"
    >
      <h2 id="sign-in-title">{words.title}</h2>
      <Field
        label={words.name}
        error={errorAt('name')}
        control={(aria) => (
          <input
            {...aria}
            name="name"
            type="text"
            autocomplete="username"
            autocapitalize="off"
            spellcheck={false}
            maxLength={64}
          />
        )}
      />
      <Field
        label={words.password}
        error={errorAt('password')}
        control={(aria) => (
          <input {...aria} name="password" type="password" autocomplete="current-password" maxLength={256} />
        )}
      />
      {needsCode && (
        <Field
          label={words.code}
          hint={words.codeHint}
          error={errorAt('code')}
          control={(aria) => (
            <input {...aria} name="code" type="text" inputMode="numeric" autocomplete="one-time-code" maxLength={16} />
          )}
        />
      )}
      {lockedS > 0 && (
        <p class="sign-in-locked" role="alert">
          {words.locked(lockedS)}
        </p>
      )}
      <ActButton act={signIn} onProblem={onProblem} kind="main" submit disabled={lockedS > 0}>
        {words.act}
      </ActButton>
      {may('look') && (
        <button type="button" onClick={leaveSignIn}>
          {words.guest}
        </button>
      )}
      <p class="aside">{words.lost}</p>
    </form>
  );
}

const focus = (form: HTMLFormElement | null, name: string): void =>
  form?.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.focus();

/** Seconds until the next try, counting down. */
function useLock(): [number, (ms: number) => void] {
  const [leftS, setLeft] = useState(0);
  useEffect(() => {
    if (leftS <= 0) return;
    const timer = setTimeout(() => setLeft(leftS - 1), 1000);
    return () => clearTimeout(timer);
  }, [leftS]);
  return [leftS, (ms) => setLeft(Math.max(1, Math.ceil(ms / 1000)))];
}
