import type { TaskView } from '#admin/contract.ts';
import { bytes, joined, percent, rate } from './format.ts';
import { useSpeech } from './language.ts';
import { originsShown } from './origins-shown.ts';
import { safeText } from './safe-text.ts';

/** The clients and the peers outside of one task. */
export function TaskPeople({ task }: { task: TaskView }) {
  const { words, language } = useSpeech();
  const speed = (n: number) => joined(rate(n, language));
  const origins = originsShown(task);
  return (
    <div class="people">
      <div>
        <h4>{words.clientsTitle}</h4>
        {task.clients.length === 0 ? (
          <p class="aside">{words.noClients}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">{words.address}</th>
                <th scope="col">{words.has}</th>
                <th scope="col">{words.got}</th>
                <th scope="col">{words.rate}</th>
              </tr>
            </thead>
            <tbody>
              {task.clients.map((client) => (
                <tr key={client.endpoint}>
                  <td>
                    <bdi class="address">{safeText(client.endpoint, 60)}</bdi>
                    {client.name && <bdi class="program">{safeText(client.name, 60)}</bdi>}
                    {(client.connections ?? 1) > 1 && (
                      <span class="program">{words.connections(client.connections ?? 1)}</span>
                    )}
                  </td>
                  <td>{client.haveShare === undefined ? '–' : percent(client.haveShare)}</td>
                  <td>{joined(bytes(client.servedBytes, language))}</td>
                  <td>{speed(client.rateBytesPerS)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {task.omitted && task.omitted.clients > 0 && <p class="aside">{words.more(task.omitted.clients)}</p>}
      </div>
      <div>
        <h4>{words.originsTitle}</h4>
        {origins.length === 0 ? (
          <p class="aside">{words.noOrigins}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">{words.address}</th>
                <th scope="col">{words.pieces}</th>
                <th scope="col">{words.rate}</th>
              </tr>
            </thead>
            <tbody>
              {origins.map((origin) => (
                <tr key={origin.endpoint} class={origin.state}>
                  <td>
                    <bdi class="address">{safeText(origin.endpoint, 60)}</bdi>
                    <span class="program">{words.originState[origin.state]}</span>
                  </td>
                  <td>{origin.pieces.toLocaleString(language)}</td>
                  <td>{speed(origin.rateBytesPerS)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {task.omitted && task.omitted.origins > 0 && <p class="aside">{words.more(task.omitted.origins)}</p>}
      </div>
    </div>
  );
}
