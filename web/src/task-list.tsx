import { useState } from 'preact/hooks';
import type { TaskView } from '#admin/contract.ts';
import { useSpeech } from './language.ts';
import { inOrder } from './page-state.ts';
import { TaskRow } from './task-row.tsx';

/** Rows drawn before the operator asks for more: an old PC draws them every second. */
const FIRST_ROWS = 12;

export function TaskList({ tasks, omitted }: { tasks: readonly TaskView[]; omitted: number }) {
  const { words, language } = useSpeech();
  const [all, setAll] = useState(false);
  const ordered = inOrder(tasks);
  const rows = all ? ordered : ordered.slice(0, FIRST_ROWS);
  return (
    <section class="tasks" aria-labelledby="tasks">
      <h2 id="tasks">
        {words.tasks}
        {tasks.length > 0 && <span class="count">{(tasks.length + omitted).toLocaleString(language)}</span>}
      </h2>
      <div class="card">
        {tasks.length === 0 ? (
          <div class="empty">
            <b>{words.noTasks}</b>
            <p>{words.noTasksHint}</p>
          </div>
        ) : (
          <ul>
            {rows.map((task) => (
              <TaskRow key={task.infoHash} task={task} />
            ))}
          </ul>
        )}
        {ordered.length > FIRST_ROWS && (
          <button type="button" class="quiet more" onClick={() => setAll(!all)}>
            {all ? words.showFewer : words.showAll(ordered.length)}
          </button>
        )}
        {omitted > 0 && <p class="aside more">{words.more(omitted)}</p>}
      </div>
    </section>
  );
}
