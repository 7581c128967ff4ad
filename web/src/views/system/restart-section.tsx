import { useState } from 'preact/hooks';
import type { Restart } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { go } from '../../frame/router.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { systemWords } from './words.ts';

const WHATS = ['daemon', 'machine'] as const;

export function RestartSection() {
  const words = systemWords.get().restart;
  const { answer, problem, again } = useAsked('GET /api/restart', {});
  const [wanted, setWanted] = useState<Restart['what']>();
  const restart = async (what: Restart['what']) => {
    const got = await call('POST /api/restart', { body: { what } });
    if (got.ok) tell(words.restarting);
    return got;
  };
  return (
    <section class="card pad" aria-labelledby="restart-title">
      <h3 class="system-title" id="restart-title">
        {words.title}
      </h3>
      <ProblemNote problem={problem} again={again} />
      <ul class="rows">
        {answer &&
          WHATS.map((what) => (
            <li key={what}>
              <div>
                <p>
                  <b>{words[what]}</b>
                </p>
                <p class="aside">{answer[what] ? words[`${what}Text`] : words.cannot}</p>
              </div>
              <button type="button" disabled={!answer[what]} onClick={() => setWanted(what)}>
                {words[what]}
              </button>
            </li>
          ))}
        <li>
          <div>
            <p>
              <b>{words.setUp}</b>
            </p>
            <p class="aside">{words.setUpText}</p>
          </div>
          <button type="button" onClick={() => go('/set-up')}>
            {words.setUpGo}
          </button>
        </li>
      </ul>
      {wanted && (
        <Confirm
          title={words[`${wanted}Title`]}
          yes={words[wanted]}
          isDangerous={wanted === 'machine'}
          act={() => restart(wanted)}
          onClose={() => setWanted(undefined)}
        >
          <p>{words[`${wanted}Text`]}</p>
        </Confirm>
      )}
    </section>
  );
}
