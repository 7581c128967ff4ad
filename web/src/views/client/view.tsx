import { useMemo } from 'preact/hooks';
import type { ClientHistory } from '#admin/contract-figures.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidDate } from '../../frame/said.ts';
import { may, session } from '../../frame/session.ts';
import { useAsked } from '../../frame/use-asked.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { Plot } from '../../parts/plot.tsx';
import type { PlotData } from '../../parts/plot-frame.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import '../clients/clients.css';
import { clientsWords } from '../clients/words.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 60_000;

/** What was kept of one machine, where the operator has switched that on. */
export function View({ params }: ViewProps) {
  const words = clientsWords.get();
  const address = params.address ?? '';
  // What somebody downloaded is not for whoever may only look at the figures.
  const mayLook = session.value === undefined || may('operate');
  return (
    <article>
      <a class="back" href={hashOf('/clients')}>
        {`← ${words.back}`}
      </a>
      <h2>{words.historyOf(safeText(address, 60))}</h2>
      <p>
        <a href={hashOf('/flows', { client: address })}>{words.why}</a>
      </p>
      {mayLook ? <Kept key={address} address={address} /> : <p class="card pad panel">{words.historyGuarded}</p>}
    </article>
  );
}

function Kept({ address }: { address: string }) {
  const words = clientsWords.get();
  const { answer, problem, again } = useAsked('GET /api/clients/history', { query: { address } }, EVERY_MS);
  if (answer) return <History history={answer} />;
  if (problem?.why === 'not-available') return <p class="card pad panel">{words.privateSays}</p>;
  if (problem) return <ProblemNote problem={problem} again={again} />;
  return <p class="connecting">{frameWords.get().loading}</p>;
}

function History({ history }: { history: ClientHistory }) {
  const words = clientsWords.get();
  const data = useMemo(
    (): PlotData => ({
      atMs: history.days.map((day) => day.dayMs + DAY_MS / 2),
      lines: [{ label: words.served, colour: '--lan', values: history.days.map((d) => d.servedBytes), isBars: true }],
      fromMs: history.days[0]?.dayMs ?? 0,
      untilMs: (history.days[history.days.length - 1]?.dayMs ?? 0) + DAY_MS,
      leastTop: 1_000_000,
    }),
    [history, words],
  );
  if (history.days.length === 0 && history.torrents.length === 0)
    return <p class="card pad panel">{words.noHistory}</p>;
  return (
    <>
      {history.days.length > 1 && (
        <section class="panel" aria-labelledby="days">
          <h3 id="days" class="part-title">
            {words.days}
          </h3>
          <div class="card pad">
            <Plot data={data} label={words.days} said={saidBytes} height={180} />
          </div>
        </section>
      )}
      <section class="panel" aria-labelledby="latest">
        <h3 id="latest" class="part-title">
          {words.latest}
        </h3>
        <div class="card pad scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col">{words.latest}</th>
                <th scope="col">{words.served}</th>
                <th scope="col">{words.lastAt}</th>
              </tr>
            </thead>
            <tbody>
              {history.torrents.map((torrent) => (
                <tr key={`${torrent.infoHash} ${torrent.lastAtMs}`}>
                  <td>
                    <a href={hashOf(`/torrents/${torrent.infoHash}`)}>
                      <bdi>{safeText(torrent.name, 200) || `${words.unnamed} ${torrent.infoHash.slice(0, 8)}`}</bdi>
                    </a>
                  </td>
                  <td>{saidBytes(torrent.servedBytes)}</td>
                  <td>{saidDate(torrent.lastAtMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
