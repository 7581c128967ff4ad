import { useRef } from 'preact/hooks';
import { call } from '../../frame/call.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote, problemText } from '../../parts/problem-note.tsx';
import { accountWords } from './words.ts';

/** Whether one may look without signing in. */
export function GuestsCard() {
  const words = accountWords.get();
  const { answer, problem, again } = useAsked('GET /api/access', {});
  // One after the other, so that what was wished last is what counts.
  const last = useRef<Promise<void>>(Promise.resolve());
  const change = async (guestsMayLook: boolean) => {
    const got = await call('PUT /api/access', { body: { guestsMayLook } });
    if (got.ok) tell(guestsMayLook ? words.guestsOn : words.guestsOff);
    else tell(problemText(got.problem), true);
    again();
  };
  return (
    <section class="card pad" aria-labelledby="guests-title">
      <h3 class="account-title" id="guests-title">
        {words.guestsTitle}
      </h3>
      <ProblemNote problem={problem} again={again} />
      {answer && (
        <label class="tick">
          <input
            type="checkbox"
            checked={answer.guestsMayLook}
            aria-describedby="guests-text"
            onChange={({ currentTarget: { checked } }) => {
              last.current = last.current.then(() => change(checked));
            }}
          />
          <span>{words.guests}</span>
        </label>
      )}
      <p class="aside" id="guests-text">
        {words.guestsText}
      </p>
    </section>
  );
}
