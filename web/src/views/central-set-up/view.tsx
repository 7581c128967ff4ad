import '../set-up/set-up.css';
import '../sign-in/sign-in.css';
import { useEffect } from 'preact/hooks';
import { frameWords } from '../../frame/frame-words.ts';
import { go } from '../../frame/router.ts';
import { session } from '../../frame/session.ts';
import { PasswordStep } from '../set-up/password-step.tsx';

/** A central that nobody has an account of yet: the first one. */
export function View() {
  const isDone = session.value?.account !== undefined;
  useEffect(() => {
    if (isDone) go('/', {}, true);
  }, [isDone]);
  return (
    <section class="sign-in card pad" aria-labelledby="set-up-title">
      <h2 id="set-up-title">{frameWords.get().views.setUp}</h2>
      <PasswordStep />
    </section>
  );
}
