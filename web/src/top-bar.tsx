import type { BoxSnapshot } from '#admin/contract.ts';
import { duration } from './format.ts';
import { say, useSpeech } from './language.ts';
import { safeText } from './safe-text.ts';

const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M4 16h6M22 16h6" />
    <rect class="box" x="10" y="10" width="12" height="12" rx="3" />
    <circle cx="16" cy="16" r="2" />
  </svg>
);

type Props = { snapshot: BoxSnapshot | undefined; live: boolean; onLanguage: () => void };

export function TopBar({ snapshot, live, onLanguage }: Props) {
  const { words } = useSpeech();
  return (
    <header class="top">
      <h1>
        <Mark />
        Swarmbox
      </h1>
      {snapshot && live && (
        <p class={`box-state ${snapshot.steering.state}`}>
          <b>{words.steering[snapshot.steering.state]}</b>
          {snapshot.steering.state !== 'armed' && snapshot.steering.why && (
            <bdi>{safeText(say(words.steeringWhy, snapshot.steering.why))}</bdi>
          )}
          <span>{words.upFor(duration(snapshot.nowMs - snapshot.startedAtMs, words.time))}</span>
        </p>
      )}
      <button
        type="button"
        class="quiet"
        lang={words.otherLanguage === 'English' ? 'en' : 'zh-CN'}
        onClick={onLanguage}
      >
        {words.otherLanguage}
      </button>
    </header>
  );
}
