import { isLive } from '../frame/live-box.ts';
import { safeText } from '../frame/safe-text.ts';
import { fleet } from './live-fleet.ts';
import { fleetWords } from './words.ts';

/** In the header: whether the central reaches its nodes. */
export function FleetState() {
  const now = fleet.value;
  if (!now || !isLive.value) return null;
  const words = fleetWords.get();
  const { state, why } = now.broker;
  return (
    <p class={`box-state ${state === 'up' ? 'armed' : 'failed'}`}>
      <b>{words.broker[state]}</b>
      {state !== 'up' && why && <bdi>{safeText(why, 120)}</bdi>}
    </p>
  );
}
