import type { Counted, NotInterceptable } from '#admin/contract.ts';
import { saidCount, saidShare } from '../../frame/said.ts';
import { flowsWords } from './words.ts';

/** Traffic of a kind that no rule can steer. Nothing is shown where there was none. */
export function NotSeen({ of }: { of: NotInterceptable }) {
  const words = flowsWords.get();
  const kinds: [string, Counted][] = [
    [words.pppoe, of.pppoe],
    [words.qinq, of.qinq],
    [words.otherVlan, of.otherVlan],
  ];
  const found = kinds.filter(([, counted]) => counted.packets > 0);
  if (found.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="not-seen">
      <h2 id="not-seen">{words.seenTitle}</h2>
      <div class="card pad">
        <p class="aside">{words.seenHint}</p>
        <dl class="not-seen">
          {found.map(([name, { packets }]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{words.ofAll(saidCount(packets), saidShare(packets / Math.max(1, of.seen.packets)))}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
