import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { safeText } from '../frame/safe-text.ts';
import { fleetWords } from './words.ts';

/** So many rows of a site are drawn before somebody asks for all. */
const FIRST_ROWS = 50;

type Props<T> = {
  site: string;
  rows: readonly T[];
  /** Beside the name of the site. */
  says: ComponentChildren;
  columns: readonly string[];
  /** Of its table. */
  kind: 'nodes' | 'targets';
  isOpen: boolean;
  row: (row: T) => ComponentChildren;
};

/** The nodes of a site. What is folded away is not drawn: there may be thousands. */
export function SiteGroup<T>({ site, rows, says, columns, isOpen, kind, row }: Props<T>) {
  const words = fleetWords.get();
  const [touched, setTouched] = useState<boolean>();
  const [isWhole, setWhole] = useState(false);
  const open = touched ?? isOpen;
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS);
  return (
    <details class="site" open={open}>
      {/* Not by its own toggling, which also tells of what was not pressed. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is a button, which Enter and the space bar click */}
      <summary
        onClick={(event) => {
          event.preventDefault();
          setTouched(!open);
        }}
      >
        <b>
          <bdi>{safeText(site, 80)}</bdi>
        </b>
        {says}
      </summary>
      {open && (
        <div class={`table ${kind}`}>
          <table>
            <thead>
              <tr>
                {columns.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{shown.map(row)}</tbody>
          </table>
          {shown.length < rows.length && (
            <button type="button" class="more" onClick={() => setWhole(true)}>
              {words.showSite(rows.length)}
            </button>
          )}
        </div>
      )}
    </details>
  );
}

/** By the names of the sites. */
export function bySite<T extends { site: string }>(rows: Iterable<T>): [string, T[]][] {
  const sites = new Map<string, T[]>();
  for (const row of rows) {
    const others = sites.get(row.site);
    if (others) others.push(row);
    else sites.set(row.site, [row]);
  }
  return [...sites].sort(([a], [b]) => (a < b ? -1 : 1));
}
