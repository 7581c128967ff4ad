import { useEffect, useRef, useState } from 'preact/hooks';
import type { BoxSnapshot, SteerVerdict, SteerView } from '#admin/contract.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { snapshot } from '../../frame/live-box.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { Choice } from '../../parts/choice.tsx';
import { Verdicts } from '../../parts/verdicts.tsx';
import { flowReasons } from '../../words/reasons.ts';
import { Explain } from './explain.tsx';
import './flows.css';
import { NotSeen } from './not-seen.tsx';
import { withNew } from './recent.ts';
import { flowsWords } from './words.ts';

const VERDICTS: readonly SteerVerdict[] = ['steered', 'learned', 'spliced', 'passed', 'refused'];

/** What is steered and why: the latest decisions, and the question about any of them. */
export function View({ query }: ViewProps) {
  const words = flowsWords.get();
  const box = snapshot.value;
  return (
    <div class="flows-view">
      <Explain key={query.toString()} client={query.get('client') ?? ''} endpoint={query.get('endpoint') ?? ''} />
      <section class="panel" aria-labelledby="decisions">
        <h2 id="decisions">{words.now}</h2>
        {box ? <Decisions box={box} /> : <p class="connecting">{frameWords.get().connecting}</p>}
      </section>
      {box?.steering.notInterceptable && <NotSeen of={box.steering.notInterceptable} />}
    </div>
  );
}

function Decisions({ box }: { box: BoxSnapshot }) {
  const words = flowsWords.get();
  const { steering, tasks } = box;
  const [kind, setKind] = useState<SteerVerdict | 'all'>('all');
  const [held, setHeld] = useState<readonly SteerView[]>();
  const seen = useRef<readonly SteerView[]>([]);
  seen.current = withNew(seen.current, steering.recent);
  useEffect(() => setHeld(undefined), [kind]);
  const rows = (held ?? seen.current).filter((row) => kind === 'all' || row.verdict === kind);
  const options = [
    { value: 'all' as const, text: words.all },
    ...VERDICTS.map((value) => ({ value, text: flowReasons.get().verdict[value] })),
  ];
  return (
    <>
      <div class="flows-tools">
        <Choice label={words.verdictFilter} value={kind} options={options} onChoose={setKind} />
        <button
          type="button"
          aria-pressed={held !== undefined}
          onClick={() => setHeld(held ? undefined : seen.current)}
        >
          {held ? words.resume : words.pause}
        </button>
        <span class="aside">{words.counts(steering.endpoints, steering.flows)}</span>
      </div>
      <div class="card">
        {rows.length > 0 && <Verdicts rows={rows} tasks={tasks} />}
        {rows.length === 0 && (
          <div class="empty">
            <b>{seen.current.length > 0 ? words.noneOf : words.none}</b>
            {seen.current.length === 0 && <p>{words.noneHint}</p>}
          </div>
        )}
      </div>
    </>
  );
}
