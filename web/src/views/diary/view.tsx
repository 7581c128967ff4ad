import { useState } from 'preact/hooks';
import { DiaryList } from '../../fleet/diary-list.tsx';
import { diaryWords } from '../../fleet/diary-words.ts';
import { frameWords } from '../../frame/frame-words.ts';

const PAGE_ROWS = 50;

/** What happened in the fleet, page by page. */
export function View() {
  const words = diaryWords.get();
  const [before, setBefore] = useState<number>();
  return (
    <>
      <div class="heading">
        <h2>{frameWords.get().views.diary}</h2>
        {before !== undefined && (
          <button type="button" onClick={() => setBefore(undefined)}>
            {words.newest}
          </button>
        )}
      </div>
      <DiaryList query={{ limit: PAGE_ROWS, ...(before !== undefined && { before }) }}>
        {(rows, hasMore) => {
          const oldest = rows[rows.length - 1]?.seq;
          if (!hasMore || oldest === undefined) return null;
          return (
            <button type="button" class="more" onClick={() => setBefore(oldest)}>
              {words.older}
            </button>
          );
        }}
      </DiaryList>
    </>
  );
}
