import type { Balance } from '#admin/contract-figures.ts';
import { saidBytes, saidDate, saidShare } from '../../frame/said.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { dashboardWords } from './words.ts';

const EVERY_MS = 30_000;
/** Beyond this, packet headers alone do not explain it. */
const LARGE_SHARE = 0.08;

/** Whether what the box says it gave goes together with what its ports counted. */
export function BalancePanel() {
  const words = dashboardWords.get();
  const { answer, problem, again } = useAsked('GET /api/balance', {}, EVERY_MS);
  return (
    <section aria-labelledby="balance">
      <h2 id="balance">{words.balance}</h2>
      <div class="card pad balance">
        <ProblemNote problem={answer ? undefined : problem} again={again} />
        {answer && <Sum balance={answer} />}
      </div>
    </section>
  );
}

function Sum({ balance }: { balance: Balance }) {
  const words = dashboardWords.get();
  const { fromCacheBytes, wanRxBytes, keptBytes, lanTxBytes, residualBytes, residualShare, isWhole } = balance;
  if (!isWhole) return <p class="aside">{words.notWhole}</p>;
  const fromWan = wanRxBytes - keptBytes;
  const together = fromCacheBytes + fromWan;
  const most = Math.max(together, lanTxBytes, 1);
  const isLarge = Math.abs(residualShare) > LARGE_SHARE;
  const sign = residualBytes < 0 ? '−' : '';
  return (
    <>
      <p class="aside">{words.balanceSince(saidDate(balance.sinceMs))}</p>
      <dl>
        <Line name={words.fromCache} bytes={fromCacheBytes} most={most} kind="lan" />
        <Line name={words.fromWan} bytes={fromWan} most={most} kind="wan" />
        <Line name={words.toClients} bytes={together} most={most} kind="sum" />
        <Line name={words.lanPort} bytes={lanTxBytes} most={most} kind="ports-sum" />
        <div class={isLarge ? 'residual large-residual' : 'residual'}>
          <dt>{words.residual}</dt>
          <dd data-figure="residual">
            {`${sign}${saidBytes(Math.abs(residualBytes))} · ${saidShare(Math.abs(residualShare))}`}
          </dd>
        </div>
      </dl>
      <p class="aside">{isLarge ? words.residualLarge : words.residualSays}</p>
    </>
  );
}

function Line({ name, bytes, most, kind }: { name: string; bytes: number; most: number; kind: string }) {
  return (
    <div class={`balance-line ${kind}`}>
      <dt>{name}</dt>
      <dd>{saidBytes(Math.max(0, bytes))}</dd>
      <dd class="bar">
        <progress value={Math.max(0, bytes)} max={most} aria-hidden="true" />
      </dd>
    </div>
  );
}
