import './confirm-banner.css';
import { useEffect, useState } from 'preact/hooks';
import { snapshot } from '../frame/live-box.ts';
import { wordSet } from '../frame/words.ts';
import { ActButton } from '../parts/act-button.tsx';
import { answer, askWaiting, seen, waiting } from './confirm-store.ts';
import { leftS, linksOf, type Waiting } from './unconfirmed.ts';

export const confirmWords = wordSet({
  en: async () => (await import('../words/confirm-en.ts')).en,
  'zh-CN': async () => (await import('../words/confirm-zh.ts')).zh,
});

/** Above everything, as long as a change waits to be confirmed; then what came of it. */
export function ConfirmBanner() {
  useEffect(() => void askWaiting(), []);
  const state = waiting.value;
  const words = confirmWords.get();
  if (state.kind === 'none') return null;
  if (state.kind === 'ended')
    return (
      <div class={`confirm-banner ${state.how === 'reverted' ? 'reverted' : 'ended'}`} role="alert">
        <p>{words.ended[state.how]}</p>
        <button type="button" onClick={seen}>
          {words.close}
        </button>
      </div>
    );
  const { change } = state;
  return (
    <section class="confirm-banner waits" aria-labelledby="confirm-title">
      <div role="alert">
        <h2 id="confirm-title">{words.title[change.matter]}</h2>
        <p>{words.text}</p>
      </div>
      <Count change={change} />
      <Elsewhere change={change} isSilent={state.kind === 'waiting' && state.isSilent} />
      <div class="confirm-acts">
        <ActButton act={() => answer(change, 'keep')} kind="main">
          {words.keep}
        </ActButton>
        <ActButton act={() => answer(change, 'take-back')}>{words.takeBack}</ActButton>
      </div>
    </section>
  );
}

/** Not read aloud each second: who listens hears the first sentence, and may look it up. */
function Count({ change }: { change: Waiting }) {
  const [nowMs, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const left = leftS(change.untilMs, nowMs + boxAheadMs());
  return (
    <p class="confirm-left">
      <progress max={90} value={Math.min(90, left)} aria-label={confirmWords.get().left(left)} />
      {confirmWords.get().left(left)}
    </p>
  );
}

let ahead: { of: unknown; ms: number } = { of: undefined, ms: 0 };
/** How far the box's clock is ahead of this one, as of the last live figures: a phone's clock may be minutes off. */
function boxAheadMs(): number {
  const now = snapshot.peek();
  if (now && now !== ahead.of) ahead = { of: now, ms: now.nowMs - Date.now() };
  return ahead.ms;
}

function Elsewhere({ change, isSilent }: { change: Waiting; isSilent: boolean }) {
  const words = confirmWords.get();
  const links = linksOf(change.addresses, location).filter((link) => new URL(link).host !== location.host);
  if (links.length === 0 && !isSilent) return null;
  return (
    <div class="confirm-elsewhere">
      <p>{isSilent ? words.silent : words.also}</p>
      <ul>
        {links.map((link) => (
          <li key={link}>
            <a href={link}>{link}</a>
          </li>
        ))}
      </ul>
      {isSilent && <p>{words.waitOut}</p>}
    </div>
  );
}
