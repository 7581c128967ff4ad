import { signal } from '@preact/signals';
import { hashOf, type Place, placeOf } from './route.ts';

/** Where the page is now. */
export const place = signal<Place>(placeOf(location.hash));

window.addEventListener('hashchange', () => {
  place.value = placeOf(location.hash);
});

/** Goes to a view. `replace`: the back button skips where it was. */
export function go(path: string, query: Readonly<Record<string, string | undefined>> = {}, replace = false): void {
  const hash = hashOf(path, query);
  if (hash === location.hash) return;
  if (!replace) location.hash = hash;
  else {
    history.replaceState(null, '', hash);
    place.value = placeOf(hash);
  }
}
