import { useState } from 'preact/hooks';
import type { OrderView, PrefillView } from '#admin/contract.ts';
import { bytes, joined, percent } from './format.ts';
import { say, useSpeech } from './language.ts';
import { safeText } from './safe-text.ts';

const FIRST_ROWS = 8;

/** What the operator wants here before anybody asks, and why it is not there yet. */
export function PrefillList({ prefill }: { prefill: PrefillView }) {
  const { words, language } = useSpeech();
  const [all, setAll] = useState(false);
  const { orders, waiting } = prefill;
  if (orders.length === 0) return null;
  const rows = all ? orders : orders.slice(0, FIRST_ROWS);
  return (
    <section class="prefill" aria-labelledby="prefill">
      <h2 id="prefill">
        {words.prefillTitle}
        {waiting > 0 && <span class="count">{waiting.toLocaleString(language)}</span>}
      </h2>
      <div class="card">
        <ul>
          {rows.map((order) => (
            <Order key={order.infoHash} order={order} />
          ))}
        </ul>
        {orders.length > FIRST_ROWS && (
          <button type="button" class="quiet more" onClick={() => setAll(!all)}>
            {all ? words.showFewer : words.showAll(orders.length)}
          </button>
        )}
      </div>
    </section>
  );
}

function Order({ order }: { order: OrderView }) {
  const { words, language } = useSpeech();
  const { name, infoHash, why, totalBytes = 0, haveBytes } = order;
  const size = totalBytes > 0 ? joined(bytes(totalBytes, language)) : words.sizeUnknown;
  const share = haveBytes !== undefined && totalBytes > 0 && percent(haveBytes / totalBytes);
  return (
    <li>
      <bdi class="name">{safeText(name) || <code>{safeText(infoHash, 12)}</code>}</bdi>
      <span class="size">{share ? `${share} · ${size}` : size}</span>
      <bdi class="reason">{safeText(say(words.orderWhy, why), 200)}</bdi>
    </li>
  );
}
