import { useState } from 'preact/hooks';
import type { ClientsView } from '#admin/contract-figures.ts';
import { call } from '../../frame/call.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidCount, saidDate, saidShare } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { ClientTable } from './client-table.tsx';
import './clients.css';
import { clientsWords } from './words.ts';

const EVERY_MS = 4000;

/** Who is served: sums for everybody; single machines only where the operator has switched that on. */
export function View() {
  const words = clientsWords.get();
  const { answer, problem, again } = useAsked('GET /api/clients', {}, EVERY_MS);
  return (
    <div class="clients-view">
      <h2>{frameWords.get().views.clients}</h2>
      <ProblemNote problem={problem} again={again} />
      {!answer && !problem && <p class="connecting">{frameWords.get().loading}</p>}
      {answer && (
        <>
          <p class="sum">{words.connected(answer.connected, answer.connections)}</p>
          {answer.connected === 0 ? (
            <div class="card empty">
              <b>{words.none}</b>
              <p>{words.noneHint}</p>
            </div>
          ) : (
            <Programs clients={answer} />
          )}
          {answer.rows ? <Machines clients={answer} again={again} /> : <Private />}
        </>
      )}
    </div>
  );
}

function Programs({ clients }: { clients: ClientsView }) {
  const words = clientsWords.get();
  const most = Math.max(1, ...clients.programs.map((p) => p.connections));
  return (
    <section class="panel" aria-labelledby="programs">
      <h3 id="programs" class="part-title">
        {words.programs}
      </h3>
      <ul class="card pad programs">
        {clients.programs.map(({ name, connections }) => (
          <li key={name}>
            <bdi>{safeText(name, 60) || words.otherProgram}</bdi>
            <span>{`${saidCount(connections)} · ${saidShare(connections / Math.max(1, clients.connections))}`}</span>
            <progress value={connections} max={most} aria-hidden="true" />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Private() {
  const words = clientsWords.get();
  return (
    <section class="panel card pad" aria-labelledby="private">
      <h3 id="private" class="part-title">
        {words.privateTitle}
      </h3>
      <p>{words.privateSays}</p>
      {may('administer') && (
        <p>
          <a href={hashOf('/settings')}>{words.privateSettings}</a>
        </p>
      )}
    </section>
  );
}

function Machines({ clients, again }: { clients: ClientsView; again: () => void }) {
  const words = clientsWords.get();
  const [isAsking, setAsking] = useState(false);
  const { history, rows = [], omitted } = clients;
  const forget = async () => {
    const done = await call('DELETE /api/clients/history');
    if (done.ok) {
      tell(words.forgotten);
      again();
    }
    return done;
  };
  return (
    <section class="panel" aria-labelledby="machines">
      <h3 id="machines" class="part-title">
        {words.machines}
      </h3>
      <div class="card pad">
        <div class="scroll-x">
          <ClientTable rows={rows} />
        </div>
        {omitted > 0 && <p class="aside">{frameWords.get().more(omitted)}</p>}
        <p class="aside history-note">
          {words.kept(history.keepDays)}
          {history.oldestAtMs !== undefined && ` ${words.oldest(saidDate(history.oldestAtMs))}`}
        </p>
        {may('administer') && (
          <button type="button" class="danger" onClick={() => setAsking(true)}>
            {words.forget}
          </button>
        )}
        {isAsking && (
          <Confirm
            title={words.forgetTitle}
            yes={words.forget}
            isDangerous
            act={forget}
            onClose={() => setAsking(false)}
          >
            <p>{words.forgetSays}</p>
          </Confirm>
        )}
      </div>
    </section>
  );
}
