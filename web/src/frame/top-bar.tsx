import { problemText } from '../parts/problem-note.tsx';
import { call } from './call.ts';
import { frameWords } from './frame-words.ts';
import { speakHere } from './open-view.ts';
import { ownPage } from './own-page.ts';
import { safeText } from './safe-text.ts';
import { session } from './session.ts';
import { askSession, toSignIn } from './start-session.ts';
import { tell } from './tell.tsx';
import { isDark, switchTheme, theme } from './theme.ts';
import { language } from './words.ts';

const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M4 16h6M22 16h6" />
    <rect class="box" x="10" y="10" width="12" height="12" rx="3" />
    <circle cx="16" cy="16" r="2" />
  </svg>
);

export function TopBar({ isBare }: { isBare: boolean }) {
  const words = frameWords.get();
  const { State } = ownPage();
  void theme.value;
  return (
    <header class="top">
      <h1>
        <Mark />
        Swarmbox
      </h1>
      {!isBare && <State />}
      <div class="top-tools">
        <button
          type="button"
          class="quiet"
          lang={words.otherLanguage === 'English' ? 'en' : 'zh-CN'}
          onClick={() => void speakHere(language.peek() === 'en' ? 'zh-CN' : 'en')}
        >
          {words.otherLanguage}
        </button>
        <button type="button" class="quiet icon" title={isDark() ? words.toLight : words.toDark} onClick={switchTheme}>
          <span class="unseen">{isDark() ? words.toLight : words.toDark}</span>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M10 3a7 7 0 1 0 0 14z" />
            <circle cx="10" cy="10" r="7" />
          </svg>
        </button>
        {!isBare && <Who />}
      </div>
    </header>
  );
}

/** Who is signed in, and the way out; or the way in. */
function Who() {
  const words = frameWords.get();
  const now = session.value;
  if (!now?.isSetUp || now.via === 'socket') return null;
  if (!now.account)
    return (
      <button type="button" class="quiet" onClick={toSignIn}>
        {words.signIn}
      </button>
    );
  const leave = async () => {
    const done = await call('DELETE /api/session');
    if (!done.ok) tell(problemText(done.problem), true);
    await askSession();
  };
  return (
    <button type="button" class="quiet" title={words.right[now.account.right]} onClick={() => void leave()}>
      <bdi class="who">{safeText(now.account.name, 32)}</bdi> {words.signOut}
    </button>
  );
}
