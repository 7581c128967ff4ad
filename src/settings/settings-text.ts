import { errorText } from '#base/errors.ts';
import { sameValue } from './diff.ts';
import type { Given } from './history.ts';
import { DEFAULTS } from './setting-defaults.ts';

/** What the text of a settings file gives. Throws an error that tells what to mend; whether the settings can be used is another question. */
export function givenBy(text: string): Given {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not JSON: ${errorText(error)}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('it must be a JSON object');
  return given as Given;
}

export const textOf = (given: Given): string => `${JSON.stringify(given, null, 2)}\n`;

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
