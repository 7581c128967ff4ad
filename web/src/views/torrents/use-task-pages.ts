import { useEffect, useRef, useState } from 'preact/hooks';
import type { TaskQuery } from '#admin/contract-tasks.ts';
import { call } from '../../frame/call.ts';
import { TaskPages } from './task-pages.ts';

/** ms between two looks at the rows in sight. */
const EVERY_MS = 3000;
const LONGEST_MS = 60_000;

/** The list that fits `query`. Until its first rows are here, the one before stays. */
export function useTaskPages(query: Omit<TaskQuery, 'offset' | 'limit'>): {
  pages: TaskPages | undefined;
  refresh: () => void;
} {
  const [shown, setShown] = useState<TaskPages>();
  const [, redraw] = useState(0);
  const current = useRef<TaskPages>(undefined);
  const key = JSON.stringify(query);
  useEffect(() => {
    const pages: TaskPages = new TaskPages({
      ask: (offset, limit, signal) => call('GET /api/tasks', { query: { ...query, offset, limit }, signal }),
      changed: () => {
        setShown(pages);
        redraw((n) => n + 1);
      },
    });
    current.current = pages;
    pages.look(0, 0);
    let waitMs = EVERY_MS;
    let timer = setTimeout(function again() {
      if (document.visibilityState === 'visible') pages.refresh();
      waitMs = pages.problem ? Math.min(LONGEST_MS, waitMs * 2) : EVERY_MS;
      timer = setTimeout(again, waitMs);
    }, waitMs);
    return () => {
      clearTimeout(timer);
      pages.stop();
    };
  }, [key]);
  return { pages: shown, refresh: () => current.current?.refresh() };
}
