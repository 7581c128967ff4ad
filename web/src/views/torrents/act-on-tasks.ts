import type { TaskAction } from '#admin/contract-tasks.ts';
import { call } from '../../frame/call.ts';
import { say } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { tell } from '../../frame/tell.tsx';
import { taskReasons } from '../../words/reasons.ts';
import { torrentsWords } from './words.ts';

/** Does something with torrents and says what came of it. */
export async function actOnTasks(infoHashes: readonly string[], action: TaskAction) {
  const done = await call('POST /api/tasks/actions', { body: { infoHashes, action } });
  if (!done.ok) return done;
  const words = torrentsWords.get();
  const { refused } = done.answer;
  const first = refused[0];
  if (!first) tell(words.done(done.answer.done));
  else {
    const table: Readonly<Record<string, string>> = { ...taskReasons.get().taskWhy, ...words.refusedWhy };
    tell(words.refused(done.answer.done, refused.length, safeText(say(table, first.why), 120)), true);
  }
  return done;
}
