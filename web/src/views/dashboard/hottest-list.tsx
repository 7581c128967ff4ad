import type { BoxSnapshot, TaskView } from '#admin/contract.ts';
import { say } from '../../frame/language.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidRate, saidShare } from '../../frame/said.ts';
import { taskReasons } from '../../words/reasons.ts';
import { hottest } from './hottest.ts';
import { dashboardWords } from './words.ts';

/** Bytes per second that the page shows as 1 kB/s: below it a rate is only fading out. */
const LEAST_RATE = 500;

/** The torrents that most is asked of. */
export function HottestList({ box }: { box: BoxSnapshot }) {
  const words = dashboardWords.get();
  const rows = hottest(box.tasks);
  const all = box.tasks.length + (box.omittedTasks ?? 0);
  return (
    <section class="tasks" aria-labelledby="tasks">
      <h2 id="tasks">{words.hottest}</h2>
      <div class="card">
        {all === 0 ? (
          <div class="empty">
            <b>{words.noTasks}</b>
            <p>{words.noTasksHint}</p>
          </div>
        ) : (
          <ul>
            {rows.map((task) => (
              <Row key={task.infoHash} task={task} />
            ))}
          </ul>
        )}
        {all > 0 && (
          <a class="more" href={hashOf('/torrents')}>
            {words.allTorrents(all)}
          </a>
        )}
      </div>
    </section>
  );
}

function Row({ task }: { task: TaskView }) {
  const words = dashboardWords.get();
  const reasons = taskReasons.get();
  const name = safeText(task.name) || words.unnamed;
  const share = task.totalBytes > 0 ? task.haveBytes / task.totalBytes : 0;
  const clients = task.clients.length + (task.omitted?.clients ?? 0);
  const fillRate = task.state === 'down' ? task.fillRateBytesPerS : 0;
  return (
    <li class={`task ${task.state}`}>
      <a class="task-line" href={hashOf(`/torrents/${task.infoHash}`)}>
        <bdi class={task.name === '' ? 'name unnamed' : 'name'}>
          {name}
          {task.name === '' && <code>{safeText(task.infoHash, 8)}</code>}
        </bdi>
        <span class="flows">
          {task.serveRateBytesPerS >= LEAST_RATE && (
            <span class="lan">
              <i>{words.lan}</i>
              {saidRate(task.serveRateBytesPerS)}
            </span>
          )}
          {fillRate >= LEAST_RATE && (
            <span class="wan">
              <i>{words.wan}</i>
              {saidRate(fillRate)}
            </span>
          )}
        </span>
        <span class="why">
          <b class="state">{reasons.taskState[task.state]}</b>
          <bdi>{safeText(say(reasons.taskWhy, task.why))}</bdi>
        </span>
        <progress value={share} max={1} aria-label={words.progressOf(name)} />
        <span class="amounts">
          <span>
            {task.totalBytes > 0
              ? `${saidShare(share)} · ${words.bytesOf(saidBytes(task.haveBytes), saidBytes(task.totalBytes))}`
              : words.sizeUnknown}
          </span>
          <span>{`${words.clients(clients)} · ${words.origins(task.origins.filter((o) => o.state === 'up').length)}`}</span>
        </span>
      </a>
    </li>
  );
}
