import { useEffect, useState } from 'preact/hooks';
import type { Language } from './format.ts';
import { Headline } from './headline.tsx';
import { HealthPanel } from './health-panel.tsx';
import { keepLanguage, keptLanguage, pickLanguage, SpeechContext, wordsOf } from './language.ts';
import { LinkNotice } from './link-notice.tsx';
import { PrefillList } from './prefill-list.tsx';
import { SteeringPanel } from './steering-panel.tsx';
import { TaskList } from './task-list.tsx';
import { TopBar } from './top-bar.tsx';
import { useLive } from './use-live.ts';
import { WarningList } from './warning-list.tsx';

export function Page() {
  const [language, setLanguage] = useState<Language>(() => pickLanguage(keptLanguage(), navigator.languages));
  const { state, retryNow } = useLive();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const switchLanguage = () => {
    const other = language === 'en' ? 'zh-CN' : 'en';
    keepLanguage(other);
    setLanguage(other);
  };
  const words = wordsOf(language);
  const { snapshot, link } = state;
  return (
    <SpeechContext.Provider value={{ language, words }}>
      <TopBar snapshot={snapshot} live={link.kind === 'live'} onLanguage={switchLanguage} />
      <LinkNotice link={link} shownAtMs={snapshot?.nowMs} onRetry={retryNow} />
      {snapshot ? (
        <main class={link.kind === 'live' ? 'page' : 'page stale'}>
          <WarningList warnings={snapshot.warnings} />
          <Headline snapshot={snapshot} samples={state.samples} />
          <TaskList tasks={snapshot.tasks} omitted={snapshot.omittedTasks ?? 0} />
          {snapshot.prefill && <PrefillList prefill={snapshot.prefill} />}
          <SteeringPanel steering={snapshot.steering} tasks={snapshot.tasks} />
          <HealthPanel health={snapshot.health} disks={snapshot.disks} />
        </main>
      ) : (
        <main class="page">{link.kind !== 'lost' && <p class="connecting">{words.connecting}</p>}</main>
      )}
    </SpeechContext.Provider>
  );
}
