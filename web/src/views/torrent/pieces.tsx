import type { TaskDetail } from '#admin/contract-tasks.ts';
import { saidBytes, saidCount, saidShare } from '../../frame/said.ts';
import { torrentsWords } from '../torrents/words.ts';
import { PieceMap } from './piece-map.tsx';

/** Which of its pieces are here, and which its clients have. */
export function Pieces({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  const share = task.totalBytes > 0 ? task.haveBytes / task.totalBytes : 0;
  return (
    <section class="panel" aria-labelledby="pieces">
      <h3 id="pieces" class="part-title">
        {words.pieces}
        {task.pieceCount > 0 && (
          <span class="count">{words.piecesOf(saidCount(task.pieceCount), saidBytes(task.pieceBytes))}</span>
        )}
      </h3>
      <div class="card pad">
        {task.pieceMap === '' ? (
          <p class="aside">{words.mapNone}</p>
        ) : (
          <>
            <h4>{words.pieceMap}</h4>
            <PieceMap cells={task.pieceMap} colour="--lan" label={words.piecesSays(saidShare(share))} />
            {task.clientMap !== '' && (
              <>
                <h4>{words.clientMap}</h4>
                <PieceMap cells={task.clientMap} colour="--info" label={words.clientMap} />
              </>
            )}
          </>
        )}
      </div>
    </section>
  );
}
