import { useEffect, useState } from 'preact/hooks';
import type { TimeView } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { language } from '../../frame/words.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { systemWords } from './words.ts';

export function TimeSection() {
  const words = systemWords.get().time;
  const { answer, problem, again } = useAsked('GET /api/time', {});
  return (
    <section class="card pad" aria-labelledby="time-title">
      <h3 class="system-title" id="time-title">
        {words.title}
      </h3>
      <ProblemNote problem={problem} again={again} />
      {answer && (
        <>
          <BoxClock time={answer} />
          {answer.canChange && may('administer') ? (
            <ZoneForm
              key={answer.zone}
              time={answer}
              onChanged={() => {
                tell(words.changed);
                again();
              }}
            />
          ) : (
            <p class="system-note">{`${words.zone}: ${safeText(answer.zone, 64)}. ${answer.canChange ? '' : words.cannot}`}</p>
          )}
        </>
      )}
    </section>
  );
}

/** The box's clock goes on from what it said, by this machine's. */
function BoxClock({ time }: { time: TimeView }) {
  const words = systemWords.get().time;
  const [nowMs, setNow] = useState(Date.now);
  const [askedAtMs, setAskedAt] = useState(Date.now);
  useEffect(() => setAskedAt(Date.now()), [time]);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <dl class="facts">
      <div>
        <dt>{words.now}</dt>
        <dd>
          {inZone(time.nowMs + Math.max(0, nowMs - askedAtMs), time.zone)}{' '}
          {time.isSynchronised !== undefined && (
            <i class={time.isSynchronised ? 'badge' : 'badge warn'}>
              {time.isSynchronised ? words.synchronised : words.notSynchronised}
            </i>
          )}
        </dd>
      </div>
    </dl>
  );
}

/** An old browser may not know a zone that the box knows. */
function inZone(atMs: number, timeZone: string): string {
  const at = new Date(atMs);
  const options = { hour12: false } as const;
  try {
    return at.toLocaleString(language.value, { ...options, timeZone });
  } catch {
    return at.toLocaleString(language.value, { ...options, timeZone: 'UTC' });
  }
}

/** So many are in the list at once; the search finds the others. */
const SHOWN_MAX = 600;

type FormProps = {
  time: TimeView;
  onChanged: (time: TimeView) => void;
  /** On the button that sets it; with it, to leave the zone as it is counts too. */
  next?: string;
};

export function ZoneForm({ time, onChanged, next }: FormProps) {
  const words = systemWords.get().time;
  const [zone, setZone] = useState(time.zone);
  const [search, setSearch] = useState('');
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const wanted = search.trim().toLowerCase().replace(/\s+/g, '_');
  const found = time.zones.filter((one) => one.toLowerCase().includes(wanted));
  // What is chosen stays in the list, whatever is searched for.
  const shown = [...new Set([zone, ...found.slice(0, SHOWN_MAX)])];
  const change = async () => {
    if (zone === time.zone) {
      onChanged(time);
      return { ok: true } as const;
    }
    const got = await call('PUT /api/time', { body: { zone } });
    if (got.ok) onChanged(got.answer);
    return got;
  };
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Field
        label={words.filter}
        control={(aria) => (
          <input
            {...aria}
            type="search"
            class="wide-input"
            value={search}
            onInput={(event) => {
              setSearch(event.currentTarget.value);
            }}
          />
        )}
      />
      <Field
        label={words.zone}
        hint={words.zoneHint}
        control={(aria) => (
          <select {...aria} class="wide-input" value={zone} onChange={(event) => setZone(event.currentTarget.value)}>
            {shown.map((one) => (
              <option key={one} value={one}>
                {one.replace(/_/g, ' ')}
              </option>
            ))}
          </select>
        )}
      />
      {here !== zone && time.zones.includes(here) && (
        <p class="zone-here">
          <button type="button" onClick={() => setZone(here)}>{`${words.isHere}: ${here.replace(/_/g, ' ')}`}</button>
        </p>
      )}
      <ActButton act={change} kind="main" submit disabled={next === undefined && zone === time.zone}>
        {next ?? words.change}
      </ActButton>
    </form>
  );
}
