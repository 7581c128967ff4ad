import { useState } from 'preact/hooks';
import type { TaskView } from '#admin/contract.ts';
import { bytes, joined, percent, rate } from './format.ts';
import { say, useSpeech } from './language.ts';
import { safeText } from './safe-text.ts';
import { TaskPeople } from './task-people.tsx';

/** Bytes per second that the page shows as 1 kB/s: below it a rate is only fading out. */
const LEAST_RATE = 500;

/** The box averages over some seconds; a task that no longer downloads is not shown doing so. */
const fillRate = (task: TaskView) => (task.state === 'down' ? task.fillRateBytesPerS : 0);

const shareOf = (task: TaskView) => (task.totalBytes > 0 ? task.haveBytes / task.totalBytes : 0);

export function TaskRow({ task }: { task: TaskView }) {
  const { words, language } = useSpeech();
  const [open, setOpen] = useState(false);
  const name = safeText(task.name) || words.unnamed;
  const said = (n: number) => joined(bytes(n, language));
  const clients = task.clients.length + (task.omitted?.clients ?? 0);
  const origins = task.origins.filter((o) => o.state === 'up').length;
  return (
    <li class={`task ${task.state}`}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <bdi class={task.name === '' ? 'name unnamed' : 'name'}>
            {name}
            {task.name === '' && <code>{safeText(task.infoHash, 8)}</code>}
          </bdi>
          {(task.serveRateBytesPerS >= LEAST_RATE || fillRate(task) >= LEAST_RATE) && <Flows task={task} />}
          <span class="why">
            <b class="state">{words.taskState[task.state]}</b>
            <bdi>{safeText(say(words.taskWhy, task.why))}</bdi>
          </span>
          <progress value={shareOf(task)} max={1} aria-label={words.progressOf(name)} />
          <span class="amounts">
            <span>
              {task.totalBytes > 0
                ? `${percent(shareOf(task))} · ${words.bytesOf(said(task.haveBytes), said(task.totalBytes))}`
                : words.sizeUnknown}
            </span>
            <span>{`${words.clients(clients)} · ${words.origins(origins)}`}</span>
          </span>
        </summary>
        {open && <TaskDetails task={task} />}
      </details>
    </li>
  );
}

function Flows({ task }: { task: TaskView }) {
  const { words, language } = useSpeech();
  const said = (n: number) => joined(rate(n, language));
  return (
    <span class="flows">
      <span class={task.serveRateBytesPerS >= LEAST_RATE ? 'lan' : 'lan nil'}>
        <i>{words.toClients}</i>
        {said(task.serveRateBytesPerS)}
      </span>
      <span class={fillRate(task) >= LEAST_RATE ? 'wan' : 'wan nil'}>
        <i>{words.fromOutside}</i>
        {said(fillRate(task))}
      </span>
    </span>
  );
}

function TaskDetails({ task }: { task: TaskView }) {
  const { words, language } = useSpeech();
  const said = (n: number) => joined(bytes(n, language));
  const count = (n: number) => n.toLocaleString(language);
  const times = task.filledBytes > 0 ? task.servedBytes / task.filledBytes : 0;
  return (
    <div class="details">
      <p>
        {task.pieceCount > 0 && <span>{words.piecesOf(count(task.pieces), count(task.pieceCount))}</span>}
        <span>
          {times > 0
            ? words.reuse(
                said(task.servedBytes),
                said(task.filledBytes),
                times.toLocaleString(language, { maximumFractionDigits: 1 }),
              )
            : words.servedOf(said(task.servedBytes))}
        </span>
      </p>
      <TaskPeople task={task} />
      <p class="hash">
        <span>{words.infoHash}</span> <code>{safeText(task.infoHash)}</code>
      </p>
    </div>
  );
}
