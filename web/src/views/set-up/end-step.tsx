import { call } from '../../frame/call.ts';
import { go } from '../../frame/router.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { STEPS } from './set-up-steps.ts';
import { beginAgain, happens, setUp } from './set-up-store.ts';
import { setUpWords } from './words.ts';

export function EndStep() {
  const words = setUpWords.get();
  const { answer } = useAsked('GET /api/settings', {});
  const { steps } = setUp.value;
  const restart = async () => {
    const got = await call('POST /api/restart', { body: { what: 'daemon' } });
    if (got.ok) tell(words.restarting);
    return got;
  };
  const open = () => {
    beginAgain();
    go('/', {}, true);
  };
  return (
    <>
      <dl class="facts">
        {STEPS.map((step) => (
          <div key={step}>
            <dt>{words.step[step]}</dt>
            <dd>
              <i class={steps[step].state === 'done' ? 'badge' : 'badge plain'}>{words.state[steps[step].state]}</i>{' '}
              {step !== 'password' && steps[step].state !== 'done' && (
                <button type="button" class="step-go" onClick={() => happens({ kind: 'go', to: step })}>
                  {words.toStep}
                  <span class="unseen">{`: ${words.step[step]}`}</span>
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {answer && answer.waitingForRestart.length > 0 && (
        <div class="system-warn">
          <p class="restart-text">{words.restartText}</p>
          <ActButton act={restart}>{words.restart}</ActButton>
        </div>
      )}
      <p class="step-lead">{words.later}</p>
      <button type="button" class="main" onClick={open}>
        {words.open}
      </button>
    </>
  );
}
