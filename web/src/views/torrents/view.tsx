import type { TargetedDragEvent } from 'preact';
import { useState } from 'preact/hooks';
import { frameWords } from '../../frame/frame-words.ts';
import { may } from '../../frame/session.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { AddDialog } from './add-dialog.tsx';
import { listQueryOf } from './list-query.ts';
import type { Selection } from './selection.ts';
import { TaskActionButtons } from './task-actions.tsx';
import { TaskList } from './task-list.tsx';
import { Toolbar } from './toolbar.tsx';
import './torrents.css';
import { useTaskPages } from './use-task-pages.ts';
import { torrentsWords } from './words.ts';

const NONE: Selection = new Set();

/** All torrents that the box knows, however many. */
export function View({ query: address }: ViewProps) {
  const words = torrentsWords.get();
  const query = listQueryOf(address);
  const { pages, refresh } = useTaskPages(query);
  const [selection, setSelection] = useState(NONE);
  const [adding, setAdding] = useState<readonly File[]>();
  const [isDropping, setDropping] = useState(false);
  const mayAct = may('operate');
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDropping(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (mayAct && files.length > 0) setAdding(files);
  };
  const over = (event: DragEvent) => {
    if (!mayAct) return;
    event.preventDefault();
    setDropping(true);
  };
  /** Out of the list or of the window, not from one row to the next. */
  const leave = ({ relatedTarget: to, currentTarget }: TargetedDragEvent<HTMLElement>) => {
    if (!(to instanceof Node && currentTarget.contains(to))) setDropping(false);
  };
  const key = JSON.stringify(query);
  return (
    <section class="torrents" aria-labelledby="torrents" onDragOver={over} onDragLeave={leave} onDrop={drop}>
      <div class="heading">
        <h2 id="torrents">
          {frameWords.get().views.torrents}
          {pages?.matching !== undefined && (
            <span class="count" role="status">
              {words.count(pages.matching, pages.total ?? pages.matching)}
            </span>
          )}
        </h2>
        {mayAct && (
          <button type="button" class="main" onClick={() => setAdding([])}>
            {words.add}
          </button>
        )}
      </div>
      <Toolbar query={query} />
      {selection.size > 0 && (
        <div class="chosen-bar card">
          <b role="status">{words.selected(selection.size)}</b>
          <TaskActionButtons
            infoHashes={[...selection]}
            onDone={(did) => {
              if (did === 'drop') setSelection(NONE);
              refresh();
            }}
          />
          <button type="button" class="quiet" onClick={() => setSelection(NONE)}>
            {words.clear}
          </button>
        </div>
      )}
      <ProblemNote problem={pages?.problem} again={refresh} />
      {pages && pages.matching === 0 ? (
        <div class="card empty">
          <b>{pages.total === 0 ? words.noneYet : words.none}</b>
          {pages.total === 0 && <p>{words.noneYetHint}</p>}
        </div>
      ) : (
        <div class="card">
          {pages && (
            <TaskList
              key={key}
              pages={pages}
              count={pages.matching ?? 0}
              selection={selection}
              onSelection={mayAct ? setSelection : undefined}
            />
          )}
        </div>
      )}
      {isDropping && <div class="drop-here">{words.addDrop}</div>}
      {adding && (
        <AddDialog
          dropped={adding}
          onClose={(added) => {
            setAdding(undefined);
            if (added) refresh();
          }}
        />
      )}
    </section>
  );
}
