import { useState } from 'preact/hooks';
import type { OrderView } from '#admin/contract.ts';
import { call } from '../../frame/call.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { say } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { orderReasons } from '../../words/reasons.ts';
import { AddDialog } from '../torrents/add-dialog.tsx';
import { OrderRow } from './order-row.tsx';
import './prefill.css';
import { prefillWords } from './words.ts';

const EVERY_MS = 3000;

/** What the operator wants here before anybody asks, in which order, and why it is not here yet. */
export function View() {
  const words = prefillWords.get();
  const { answer, problem, again } = useAsked('GET /api/orders', {}, EVERY_MS);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<OrderView>();
  const orders = answer?.orders ?? [];
  const waiting = orders.filter((order) => order.endedAtMs === undefined);
  const ended = orders.filter((order) => order.endedAtMs !== undefined);
  const remove = async (infoHash: string) => {
    const done = await call('DELETE /api/orders/{infoHash}', { params: { infoHash } });
    if (done.ok) {
      tell(words.removed);
      again();
    }
    return done;
  };
  const list = (rows: readonly OrderView[]) => (
    <ol class="card orders">
      {rows.map((order, at) => (
        <OrderRow
          key={order.infoHash}
          order={order}
          isFirst={at === 0}
          onChanged={again}
          onRemove={() => setRemoving(order)}
        />
      ))}
    </ol>
  );
  return (
    <div class="prefill-view">
      <div class="heading">
        <h2>
          {frameWords.get().views.prefill}
          {answer && answer.waiting > 0 && <span class="count">{words.waiting(answer.waiting)}</span>}
        </h2>
        {may('operate') && (
          <button type="button" class="main" onClick={() => setAdding(true)}>
            {words.add}
          </button>
        )}
      </div>
      <p class="aside">{words.intro}</p>
      <ProblemNote problem={problem} again={again} />
      {!answer && !problem && <p class="connecting">{frameWords.get().loading}</p>}
      {answer?.held && waiting.length > 0 && (
        <p class="held">
          <b>{words.held}</b> <bdi>{safeText(say(orderReasons.get().orderWhy, answer.held), 200)}</bdi>
        </p>
      )}
      {answer && orders.length === 0 && (
        <div class="card empty">
          <b>{words.none}</b>
          <p>{words.noneHint}</p>
        </div>
      )}
      {waiting.length > 0 && (
        <section class="panel" aria-labelledby="waiting">
          <h3 id="waiting" class="part-title">
            {words.waitingTitle}
          </h3>
          {list(waiting)}
        </section>
      )}
      {ended.length > 0 && (
        <section class="panel" aria-labelledby="ended">
          <h3 id="ended" class="part-title">
            {words.endedTitle}
          </h3>
          {list(ended)}
        </section>
      )}
      {isAdding && (
        <AddDialog
          dropped={[]}
          onClose={(added) => {
            setAdding(false);
            if (added) again();
          }}
        />
      )}
      {removing && (
        <Confirm
          title={words.removeTitle}
          yes={words.remove}
          isDangerous
          act={() => remove(removing.infoHash)}
          onClose={() => setRemoving(undefined)}
        >
          <p>{words.removeSays(safeText(removing.name, 120) || removing.infoHash.slice(0, 12))}</p>
        </Confirm>
      )}
    </div>
  );
}
