import { useEffect, useRef, useState } from 'preact/hooks';
import { go, place } from '../../frame/router.ts';
import { safeText } from '../../frame/safe-text.ts';
import { addressQuery, FILTERS, type ListQuery, SORTS } from './list-query.ts';
import { torrentsWords } from './words.ts';

/** ms after the last key until the list is asked for. */
const TYPING_MS = 250;

/** What the list shows and in which order; the address remembers it. */
export function Toolbar({ query }: { query: ListQuery }) {
  const words = torrentsWords.get();
  const [text, setText] = useState(query.search);
  const newest = useRef(query);
  newest.current = query;
  /** What the address was last told from here. */
  const told = useRef(query.search);
  const set = (over: Partial<ListQuery>) => go('/torrents', addressQuery({ ...newest.current, ...over }), true);
  useEffect(() => {
    const search = text.trim();
    if (search === newest.current.search) return;
    const timer = setTimeout(() => {
      // Whoever is on the way to another view is not brought back.
      if (place.peek().path !== '/torrents') return;
      told.current = search;
      set({ search });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  // Somebody went back, or to the whole list: the field shows what is looked for now. What is being typed is left alone.
  useEffect(() => {
    if (query.search === told.current) return;
    told.current = query.search;
    setText(query.search);
  }, [query.search]);
  return (
    <div class="toolbar">
      <input
        type="search"
        class="search"
        aria-label={words.search}
        placeholder={words.search}
        maxLength={200}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <label>
        <span>{words.filter}</span>
        <select
          value={query.filter}
          onChange={(event) => set({ filter: FILTERS[event.currentTarget.selectedIndex] ?? 'all' })}
        >
          {FILTERS.map((filter) => (
            <option key={filter} value={filter}>
              {words.filters[filter]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{words.sort}</span>
        <select
          value={query.sort}
          onChange={(event) => set({ sort: SORTS[event.currentTarget.selectedIndex] ?? 'heat' })}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {words.sorts[sort]}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        title={query.order === 'up' ? words.up : words.down}
        aria-label={query.order === 'up' ? words.up : words.down}
        onClick={() => set({ order: query.order === 'up' ? 'down' : 'up' })}
      >
        {query.order === 'up' ? '↑' : '↓'}
      </button>
      {query.disk && (
        <button type="button" onClick={() => go('/torrents', { ...addressQuery(query), disk: undefined }, true)}>
          <bdi>{safeText(query.disk, 40)}</bdi> ×
        </button>
      )}
    </div>
  );
}
