import { snapshot } from '../../frame/live-box.ts';
import { saidBytes } from '../../frame/said.ts';
import { dashboardWords } from './words.ts';

export function View() {
  const words = dashboardWords.get();
  const box = snapshot.value;
  return (
    <section class="card pad">
      <h2>{words.saved}</h2>
      <p class="huge" data-figure="saved">
        {box ? saidBytes(box.totals.savedBytes) : '–'}
      </p>
    </section>
  );
}
