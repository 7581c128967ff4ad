import type { SchemaProblem } from '#base/schema-check.ts';
import { isPlain } from './diff.ts';
import type { Given } from './history.ts';
import { problemText } from './problem-text.ts';
import { SETTINGS_SCHEMA } from './setting-schemas.ts';

type Problems = (given: Given) => readonly SchemaProblem[];

/** Each round takes out something of all that is told of; whoever has that much of what is not known has it left in, and is told. */
const ROUNDS = 50;
/** A name that is not known is told of in so many characters: see schema-check.ts. */
const NAME_CHARACTERS = 64;

/**
 * What can be used of settings that a newer version wrote: without what is not known here, and what may not be so here. A setting without which there is no
 * box stays, right or wrong. `others`: what was left out. `leftOut`: why, a sentence each.
 */
export function usable(
  said: Given,
  problems: Problems,
): { readonly given: Given; readonly others: Given; readonly leftOut: readonly string[] } {
  let [given, others]: [Given, Given] = [said, {}];
  const leftOut: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = given;
    for (const problem of problems(given)) {
      const from = given;
      const taken = inTheWay(from, problem, problems)
        .map((path) => takenOut(from, path))
        .find((one) => one !== undefined);
      if (!taken) continue;
      given = taken.rest;
      others = laidOver(others, taken.out);
      leftOut.push(problemText(problem));
    }
    if (given === before) break;
  }
  return { given, others, leftOut };
}

/** `below` where `above` says nothing, field by field. */
export function laidOver(below: Given, above: Given): Given {
  const all = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const under = all.get(key);
    all.set(key, isPlain(under) && isPlain(value) ? laidOver(under, value) : value);
  }
  return Object.fromEntries(all);
}

/** What could be taken out to mend it: the first that is there. */
function inTheWay(given: Given, { path, code, detail }: SchemaProblem, problems: Problems): string[] {
  if (code === 'missing') return [path.slice(0, Math.max(0, path.lastIndexOf('.')))];
  if (code === 'conflict') return [path, String(detail?.with)];
  const value = given[path];
  if (code !== 'not-one-of' || !isPlain(value)) return [path];
  // A setting that may be of several kinds is told of as a whole: one field that is not known must not cost all of it.
  const fits = (field: string): boolean => {
    const { [field]: _, ...rest } = value;
    return problems({ ...given, [path]: rest }).every((problem) => problem.path !== path);
  };
  return [
    ...Object.keys(value)
      .filter(fits)
      .map((field) => `${path}.${field}`),
    path,
  ];
}

/** The innermost named field on the way to `path`, apart from the rest. Undefined: it is not there, or must stay. */
function takenOut(
  from: Given,
  path: string,
  isInner = false,
): { readonly rest: Given; readonly out: Given } | undefined {
  const names = Object.keys(from);
  const name =
    names.find((key) => key.slice(0, NAME_CHARACTERS) === path) ?? names.find((key) => path.startsWith(`${key}.`));
  if (name === undefined || (!isInner && REQUIRED.has(name))) return undefined;
  const { [name]: value, ...others } = from;
  if (!isPlain(value) || !path.startsWith(`${name}.`)) return { rest: others, out: { [name]: value } };
  const inner = takenOut(value, path.slice(name.length + 1), true);
  return inner && { rest: { ...from, [name]: inner.rest }, out: { [name]: inner.out } };
}

const REQUIRED: ReadonlySet<string> = new Set(SETTINGS_SCHEMA.required as readonly string[]);
