import { useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import type { UpdateView } from '#admin/contract-machine.ts';
import { call } from '../../frame/call.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { BundleReady } from './bundle-ready.tsx';
import { BundleSource } from './bundle-source.tsx';
import { systemWords } from './words.ts';

/** ms; quicker while something happens. */
const IDLE_MS = 15_000;
const BUSY_MS = 1500;

export function UpdateSection() {
  const words = systemWords.get().update;
  const [isBusy, setBusy] = useState(false);
  const { answer, problem, again } = useAsked('GET /api/update', {}, isBusy ? BUSY_MS : IDLE_MS);
  const step = answer?.progress?.step;
  const moves = step === 'receiving' || step === 'checking' || step === 'installing';
  if (moves !== isBusy && answer) setBusy(moves);
  return (
    <>
      <section class="card pad" aria-labelledby="update-title">
        <h3 class="system-title" id="update-title">
          {words.title}
        </h3>
        <ProblemNote problem={problem} again={again} />
        {answer && <Running update={answer} onChanged={again} />}
      </section>
      {answer?.canUpdate && may('administer') && (
        <section class="card pad" aria-label={words.file}>
          {answer.bundle ? (
            <BundleReady bundle={answer.bundle} isBusy={moves} onChanged={again} />
          ) : (
            <BundleSource onReceived={again} />
          )}
        </section>
      )}
    </>
  );
}

function Running({ update, onChanged }: { update: UpdateView; onChanged: () => void }) {
  const words = systemWords.get().update;
  const [wantsBack, setWantsBack] = useState(false);
  const { version, slots, canUpdate, needsReboot } = update;
  const other = slots.find(({ state }) => state === 'good');
  const rollBack = async (): Promise<{ ok: true } | { ok: false; problem: Problem }> => {
    const got = await call('POST /api/update/roll-back');
    if (got.ok) {
      tell(words.rolledBack);
      onChanged();
    }
    return got;
  };
  return (
    <>
      <p class="update-version">{words.version(safeText(version, 60))}</p>
      {!canUpdate && <p class="system-note">{words.cannot}</p>}
      {slots.length > 0 && (
        <dl class="facts">
          {slots.map((slot) => (
            <div key={slot.name}>
              <dt>{words.slot(slot.name)}</dt>
              <dd>
                {slot.version !== undefined && `${safeText(slot.version, 60)} `}
                <i class={`badge ${{ running: '', good: 'plain', empty: 'plain', bad: 'bad' }[slot.state]}`}>
                  {words.slotState[slot.state]}
                </i>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <Progress update={update} />
      {needsReboot && (
        <p class="system-warn" role="status">
          {words.needsReboot} <a href={hashOf('/system/restart')}>{words.toRestart}</a>
        </p>
      )}
      {canUpdate && other && may('administer') && (
        <button type="button" onClick={() => setWantsBack(true)}>
          {words.rollBack}
        </button>
      )}
      {wantsBack && (
        <Confirm
          title={words.rollBackTitle(safeText(other?.version ?? '', 60))}
          yes={words.rollBack}
          isDangerous
          act={rollBack}
          onClose={() => setWantsBack(false)}
        >
          <p>{words.rollBackText}</p>
        </Confirm>
      )}
    </>
  );
}

function Progress({ update: { progress } }: { update: UpdateView }) {
  const words = systemWords.get().update;
  if (!progress) return null;
  const { step, share, why } = progress;
  const moves = step !== 'installed' && step !== 'failed';
  return (
    <div class={step === 'failed' ? 'update-progress failed' : 'update-progress'}>
      <p role="status">
        {words.step[step]} {why !== undefined && safeText(why, 300)}
      </p>
      {moves && <progress max={1} value={share} aria-label={words.progress} />}
    </div>
  );
}
