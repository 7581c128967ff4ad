import './settings.css';
import { useEffect } from 'preact/hooks';
import type { SettingGroup } from '#admin/contract-settings.ts';
import { waiting } from '../../confirm/confirm-store.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { may } from '../../frame/session.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { Sections } from '../../parts/sections.tsx';
import { BackupSection } from './backup-section.tsx';
import { byGroup } from './fields.ts';
import { HistorySection } from './history-section.tsx';
import { ResetSection } from './reset-section.tsx';
import { SettingsForm } from './settings-form.tsx';
import { changes, fields, load, loadProblem, problems, settings } from './settings-store.ts';
import { settingsWords } from './words.ts';

export function View({ params }: ViewProps) {
  const words = settingsWords.get();
  useEffect(() => {
    const leaving = new AbortController();
    void load(leaving.signal);
    return () => leaving.abort();
  }, []);
  // What was taken back, by somebody or by itself, is shown as it is again.
  const ended = waiting.value.kind === 'ended' ? waiting.value : undefined;
  useEffect(() => {
    if (ended) void load();
  }, [ended]);
  const groups = byGroup(fields.value).map(({ group }) => group);
  const isMarked = (group: SettingGroup) =>
    fields.value.some(
      ({ path, group: of }) =>
        of === group && (problems.value.at.has(path) || changes.value.some((change) => change.path === path)),
    );
  const sections = [
    ...groups.map((group) => ({ key: group as string, text: words.group[group], isMarked: isMarked(group) })),
    { key: 'history', text: words.historyTab },
    ...(may('administer') ? [{ key: 'backup', text: words.backupTab }] : []),
  ];
  const now = sections.find(({ key }) => key === params.part)?.key ?? 'line';
  const group = groups.find((one) => one === now);
  return (
    <Sections label={words.parts} title={words.title} base="/settings" sections={sections} now={now}>
      <ProblemNote problem={loadProblem.value} again={() => void load()} />
      {!settings.value && !loadProblem.value && <p class="connecting">{frameWords.get().loading}</p>}
      {group && <SettingsForm key={group} group={group} />}
      {now === 'history' && settings.value && <HistorySection key={settings.value.revision} />}
      {now === 'backup' && (
        <>
          <BackupSection />
          <ResetSection />
        </>
      )}
    </Sections>
  );
}
