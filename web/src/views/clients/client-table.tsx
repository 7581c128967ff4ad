import { useState } from 'preact/hooks';
import type { ClientRow } from '#admin/contract-figures.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidClock, saidCount, saidRate } from '../../frame/said.ts';
import { type ClientSort, sortedRows } from './client-order.ts';
import { clientsWords } from './words.ts';

/** Rows drawn before more are asked for. */
const FIRST_ROWS = 50;

/** Each machine that is connected. */
export function ClientTable({ rows }: { rows: readonly ClientRow[] }) {
  const words = clientsWords.get();
  const [sort, setSort] = useState<ClientSort>('serveRateBytesPerS');
  const [all, setAll] = useState(false);
  const ordered = sortedRows(rows, sort);
  const shown = all ? ordered : ordered.slice(0, FIRST_ROWS);
  const head = (key: ClientSort, text: string) => (
    <th scope="col" aria-sort={sort === key ? (key === 'address' ? 'ascending' : 'descending') : undefined}>
      <button type="button" class="sort" onClick={() => setSort(key)}>
        {text}
      </button>
    </th>
  );
  return (
    <>
      <table class="machines">
        <thead>
          <tr>
            {head('address', words.address)}
            {head('connections', words.connections)}
            {head('torrents', words.torrents)}
            {head('servedBytes', words.served)}
            {head('serveRateBytesPerS', words.rate)}
            <th scope="col">{words.since}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.address}>
              <td>
                <a class="address" href={hashOf(`/clients/${encodeURIComponent(row.address)}`)}>
                  <bdi>{safeText(row.address, 60)}</bdi>
                </a>
                <bdi class="program">{safeText(row.names.join(', '), 90)}</bdi>
              </td>
              <td>{saidCount(row.connections)}</td>
              <td>{saidCount(row.torrents)}</td>
              <td>{saidBytes(row.servedBytes)}</td>
              <td>{saidRate(row.serveRateBytesPerS)}</td>
              <td>{saidClock(row.sinceMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {ordered.length > FIRST_ROWS && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? frameWords.get().showFewer : frameWords.get().showAll(ordered.length)}
        </button>
      )}
    </>
  );
}
