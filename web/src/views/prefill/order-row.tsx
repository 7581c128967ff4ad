import type { OrderView } from '#admin/contract.ts';
import type { OrderMove } from '#admin/contract-tasks.ts';
import { call } from '../../frame/call.ts';
import { say } from '../../frame/language.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidDate, saidShare } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { orderReasons } from '../../words/reasons.ts';
import { prefillWords } from './words.ts';

type Props = { order: OrderView; isFirst: boolean; onChanged: () => void; onRemove: () => void };

/** One wanted torrent: how far it is, why it is no further, and what can be done about it. */
export function OrderRow({ order, isFirst, onChanged, onRemove }: Props) {
  const words = prefillWords.get();
  const { infoHash, name, why, totalBytes = 0, haveBytes, endedAtMs } = order;
  const shown = safeText(name, 200) || `${words.unnamed} ${infoHash.slice(0, 8)}`;
  const isUnderWay = endedAtMs === undefined && haveBytes !== undefined && totalBytes > 0;
  const share = isUnderWay ? haveBytes / totalBytes : undefined;
  const size = totalBytes > 0 ? saidBytes(totalBytes) : words.sizeUnknown;
  const move = async (to: OrderMove['to']) => {
    const done = await call('POST /api/orders/{infoHash}/move', { params: { infoHash }, body: { to } });
    if (done.ok) {
      tell(to === 'now' ? words.started : words.moved);
      onChanged();
    }
    return done;
  };
  return (
    <li>
      <div class="order-says">
        <a class="name" href={hashOf(`/torrents/${infoHash}`)}>
          <bdi>{shown}</bdi>
        </a>
        <p>
          <bdi>{safeText(say(orderReasons.get().orderWhy, why), 200)}</bdi>
        </p>
        {share !== undefined && share > 0 && <progress value={share} max={1} aria-label={words.progressOf(shown)} />}
        <p class="aside order-figures">
          <span>{share === undefined ? size : words.here(saidShare(share), size)}</span>
          <span>
            {endedAtMs === undefined ? words.ordered(saidDate(order.orderedAtMs)) : words.ended(saidDate(endedAtMs))}
          </span>
        </p>
      </div>
      {may('operate') && (
        <div class="order-tools">
          {endedAtMs === undefined && why !== 'prefill' && (
            <>
              {!isFirst && <ActButton act={() => move('front')}>{words.front}</ActButton>}
              <ActButton act={() => move('now')}>{words.now}</ActButton>
            </>
          )}
          <button type="button" onClick={onRemove}>
            {words.remove}
          </button>
        </div>
      )}
    </li>
  );
}
