import { frameWords } from '../../frame/frame-words.ts';
import { say } from '../../frame/language.ts';
import { isLive, snapshot } from '../../frame/live-box.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidDuration } from '../../frame/said.ts';

/** In the header: whether the box works, and since when. */
export function BoxState() {
  const words = frameWords.get();
  const box = snapshot.value;
  if (!box || !isLive.value) return null;
  const { state, why } = box.steering;
  return (
    <p class={`box-state ${state}`}>
      <b>{words.steering[state]}</b>
      {state !== 'armed' && why && <bdi>{safeText(say(words.steeringWhy, why))}</bdi>}
      <span>{words.upFor(saidDuration(box.nowMs - box.startedAtMs))}</span>
    </p>
  );
}
