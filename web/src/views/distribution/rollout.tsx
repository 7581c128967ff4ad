import './distribution.css';
import { useState } from 'preact/hooks';
import type { FleetRollout } from '#admin/contract-fleet.ts';
import { reasonText } from '../../fleet/saying.ts';
import { fleetWords } from '../../fleet/words.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidCount } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { Confirm } from '../../parts/confirm.tsx';

type Props = { id: string; rollout: FleetRollout; onChanged: () => void };

/** How far the waves of firmware are; of a stopped one, why, and the way on. */
export function Rollout({ id, rollout, onChanged }: Props) {
  const words = fleetWords.get();
  const [isAsking, setAsking] = useState(false);
  const { state, wave, waves, why, node, healthy, failed } = rollout;
  const resume = async () => {
    const done = await call('POST /api/fleet/distributions/{id}/resume', { params: { id } });
    if (done.ok) {
      tell(words.resumed);
      onChanged();
    }
    return done;
  };
  return (
    <section class={`rollout ${state}`}>
      <p>
        <b>{words.rollout[state]}</b>{' '}
        {why && (
          <bdi>
            {node && `${safeText(node, 70)}: `}
            {reasonText(why)}
          </bdi>
        )}
      </p>
      <span>
        {words.waveOf(wave + 1, waves)}, {words.installed(saidCount(healthy), saidCount(failed))}
      </span>
      {state === 'stopped' && may('administer') && (
        <button type="button" onClick={() => setAsking(true)}>
          {words.resume}
        </button>
      )}
      {isAsking && (
        <Confirm title={words.resumeTitle} yes={words.resume} isDangerous act={resume} onClose={() => setAsking(false)}>
          <p>{words.resumeText}</p>
        </Confirm>
      )}
    </section>
  );
}
