import { sameValue } from './diff.ts';
import type { Given } from './history.ts';
import { DEFAULTS } from './setting-defaults.ts';

/**
 * The file with some settings changed; `null`: back to the default, and out of the file. What the file had stays in its place, even where it says
 * what is the default anyway: somebody wrote it there to be sure.
 */
export function merged(given: Given, values: Readonly<Record<string, unknown>>): Given {
  // A map: the name of a setting may be any word that a stranger thought of, `__proto__` too.
  const all = new Map(Object.entries(given));
  for (const [key, value] of Object.entries(values)) {
    if (value === null) all.delete(key);
    else if (Object.hasOwn(given, key) || !sameValue(value, (DEFAULTS as Given)[key])) all.set(key, value);
  }
  return Object.fromEntries(all);
}
