import type { TaskDetail } from '#admin/contract-tasks.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount, saidRate, saidShare } from '../../frame/said.ts';
import { torrentsWords } from '../torrents/words.ts';

/** The address alone, of what may have a port behind it. */
const addressOf = (endpoint: string): string => endpoint.replace(/^\[(.*)\].*$/, '$1').replace(/^([\d.]+):\d+$/, '$1');

/** The clients and the peers outside of one torrent. */
export function People({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  return (
    <>
      <section class="panel" aria-labelledby="held-by">
        <h3 id="held-by" class="part-title">
          {words.clientsTitle}
          {task.clients > 0 && <span class="count">{saidCount(task.clients)}</span>}
        </h3>
        <div class="card pad scroll-x">
          {task.heldBy.length === 0 ? <p class="aside">{words.noClients}</p> : <Clients task={task} />}
          {task.heldByOmitted > 0 && <p class="aside">{frameWords.get().more(task.heldByOmitted)}</p>}
        </div>
      </section>
      <section class="panel" aria-labelledby="from">
        <h3 id="from" class="part-title">
          {words.originsTitle}
          {task.origins > 0 && <span class="count">{saidCount(task.origins)}</span>}
        </h3>
        <div class="card pad scroll-x">
          {task.from.length === 0 ? <p class="aside">{words.noOrigins}</p> : <Origins task={task} />}
          {task.fromOmitted > 0 && <p class="aside">{frameWords.get().more(task.fromOmitted)}</p>}
        </div>
      </section>
    </>
  );
}

function Clients({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  return (
    <table class="people">
      <thead>
        <tr>
          <th scope="col">{words.address}</th>
          <th scope="col">{words.has}</th>
          <th scope="col">{words.got}</th>
          <th scope="col">{words.rate}</th>
        </tr>
      </thead>
      <tbody>
        {task.heldBy.map((client) => (
          <tr key={client.endpoint}>
            <td>
              <a class="address" href={hashOf('/flows', { client: addressOf(client.endpoint) })}>
                <bdi>{safeText(client.endpoint, 60)}</bdi>
              </a>
              {client.name && <bdi class="program">{safeText(client.name, 60)}</bdi>}
              {(client.connections ?? 1) > 1 && (
                <span class="program">{words.connections(client.connections ?? 1)}</span>
              )}
            </td>
            <td>{client.haveShare === undefined ? '–' : saidShare(client.haveShare)}</td>
            <td>{saidBytes(client.servedBytes)}</td>
            <td>{saidRate(client.rateBytesPerS)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Origins({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  return (
    <table class="people">
      <thead>
        <tr>
          <th scope="col">{words.address}</th>
          <th scope="col">{words.pieces}</th>
          <th scope="col">{words.rate}</th>
        </tr>
      </thead>
      <tbody>
        {task.from.map((origin) => (
          <tr key={origin.endpoint} class={origin.state}>
            <td>
              <bdi class="address">{safeText(origin.endpoint, 60)}</bdi>
              <span class="program">{words.originState[origin.state]}</span>
            </td>
            <td>{saidCount(origin.pieces)}</td>
            <td>{saidRate(origin.rateBytesPerS)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
