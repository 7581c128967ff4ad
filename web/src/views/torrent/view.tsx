import type { TaskDetail } from '#admin/contract-tasks.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { say } from '../../frame/language.ts';
import { hashOf } from '../../frame/route.ts';
import { go } from '../../frame/router.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidRate, saidShare } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { useAsked } from '../../frame/use-asked.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { taskReasons } from '../../words/reasons.ts';
import { TaskActionButtons } from '../torrents/task-actions.tsx';
import { torrentsWords } from '../torrents/words.ts';
import { Figures } from './figures.tsx';
import { Files } from './files.tsx';
import { Heat } from './heat.tsx';
import { People } from './people.tsx';
import { Pieces } from './pieces.tsx';
import '../torrents/torrents.css';
import './torrent.css';

const EVERY_MS = 2000;

/** One torrent: what it does and why, what is here of it, who has it, what can be done. */
export const View = ({ params: { infoHash = '' } }: ViewProps) => <Torrent key={infoHash} infoHash={infoHash} />;

// Keyed by what it shows: while the box is asked for another torrent, or does not answer, nothing of the one before may stand there.
function Torrent({ infoHash }: { infoHash: string }) {
  const words = torrentsWords.get();
  const { answer, problem, again } = useAsked('GET /api/tasks/{infoHash}', { params: { infoHash } }, EVERY_MS);
  const isGone = problem?.why === 'not-found';
  return (
    <article class="torrent">
      <a class="back" href={hashOf('/torrents')}>
        {`← ${words.back}`}
      </a>
      {isGone ? <p class="connecting">{words.gone}</p> : <ProblemNote problem={problem} again={again} />}
      {!answer && !problem && <p class="connecting">{frameWords.get().loading}</p>}
      {answer && !isGone && <Shown task={answer} again={again} />}
    </article>
  );
}

function Shown({ task, again }: { task: TaskDetail; again: () => void }) {
  const words = torrentsWords.get();
  const reasons = taskReasons.get();
  const share = task.totalBytes > 0 ? task.haveBytes / task.totalBytes : 0;
  return (
    <>
      <header class={`card pad torrent-head ${task.state}`}>
        <h2>
          <bdi>{safeText(task.name) || words.unnamed}</bdi>
        </h2>
        <p class="why">
          <b class="state">{reasons.taskState[task.state]}</b>
          <bdi>{safeText(say(reasons.taskWhy, task.why))}</bdi>
          {task.isPinned && <span class="label pinned">{words.pinned}</span>}
          {task.isBlocked && <span class="label blocked">{words.blocked}</span>}
          {task.isPrivate && <span class="label">{words.private}</span>}
        </p>
        <progress value={share} max={1} aria-label={words.here} />
        <p class="head-figures">
          <span>
            {task.totalBytes > 0 ? words.ofSize(saidShare(share), saidBytes(task.totalBytes)) : words.sizeUnknown}
          </span>
          <span>{words.clients(task.clients)}</span>
          <span>{words.origins(task.origins)}</span>
          <span class="lan">{`${words.toClients} ${saidRate(task.serveRateBytesPerS)}`}</span>
          <span class="wan">{`${words.fromOutside} ${saidRate(task.fillRateBytesPerS)}`}</span>
        </p>
        {task.recheck && (
          <div class="recheck" role="status">
            <p>
              {words.recheckSays(saidBytes(task.recheck.doneBytes), saidBytes(task.recheck.totalBytes))}
              {task.recheck.badPieces > 0 && ` · ${words.recheckBad(task.recheck.badPieces)}`}
            </p>
            <progress value={task.recheck.doneBytes} max={Math.max(1, task.recheck.totalBytes)} aria-hidden="true" />
          </div>
        )}
        {may('operate') && (
          <TaskActionButtons
            infoHashes={[task.infoHash]}
            isPinned={task.isPinned}
            isBlocked={task.isBlocked}
            limitMbps={task.limitMbps}
            onDone={(did) => (did === 'drop' ? go('/torrents') : again())}
          />
        )}
      </header>
      <div class="torrent-parts">
        <div>
          <Pieces task={task} />
          <Heat task={task} />
          <People task={task} />
        </div>
        <div>
          <Figures task={task} />
          <Files task={task} />
        </div>
      </div>
    </>
  );
}
