import { signal } from '@preact/signals';

/** ms that a sentence stays. */
const STAYS_MS = 6000;
const said = signal<{ text: string; isBad: boolean } | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says in a corner of the page, and to screen readers, what came of something. */
export function tell(text: string, isBad = false): void {
  clearTimeout(timer);
  said.value = { text, isBad };
  timer = setTimeout(() => {
    said.value = undefined;
  }, STAYS_MS);
}

export const SaidRegion = () => (
  <div class="said" role="status">
    {said.value && <p class={said.value.isBad ? 'bad' : ''}>{said.value.text}</p>}
  </div>
);
