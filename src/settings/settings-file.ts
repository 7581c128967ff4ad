import { errorText } from '#base/errors.ts';
import { isNewer } from '#base/version.ts';
import { isPlain, sameValue } from './diff.ts';
import { type Edition, THIS_EDITION } from './edition.ts';
import type { Given } from './history.ts';
import { laidOver, usable } from './usable.ts';

/**
 * The settings' file as text. Beside the settings it says which version of the program wrote it, and holds what that version had no use for and another one
 * may have: so that an update, and going back from it, costs no setting. Whoever writes the file by hand needs neither.
 */
export type SettingsFile = {
  /** The settings, as this version understands them. */
  readonly given: Given;
  /** Settings of other versions, as they had them. */
  readonly others: Given;
  /** What a newer version wrote and this one cannot use, a sentence each. */
  readonly leftOut: readonly string[];
};

/**
 * Throws an error that tells what to mend. What a newer version wrote is read for what can be used of it; anything else as it stands: whether those
 * settings can be used is another question.
 */
export function readSettings(text: string, edition: Edition = THIS_EDITION): SettingsFile {
  const { version, otherVersions = {}, ...said } = objectIn(text);
  if ((version !== undefined && typeof version !== 'string') || !isPlain(otherVersions))
    throw new Error('"version" and "otherVersions" are what the box itself writes there: take them out');
  const isOthers = version !== undefined && version !== edition.version;
  const file =
    isOthers && isNewer(version, edition.version) ? usable(said, edition.problems) : ofOlder(said, version, edition);
  const taken = isOthers
    ? withOthers(file.given, otherVersions, edition)
    : { given: file.given, others: otherVersions };
  return { given: taken.given, others: laidOver(taken.others, file.others), leftOut: file.leftOut };
}

/** As a file of this version. */
export function textOf(given: Given, others: Given = {}, { version }: Pick<Edition, 'version'> = THIS_EDITION): string {
  const more = Object.keys(others).length > 0 && { otherVersions: others };
  return `${JSON.stringify({ ...given, version, ...more }, null, 2)}\n`;
}

/** Settings that any version may have written down, as this one understands them. */
export const asKnown = (given: Given, edition: Edition): Given =>
  usable(afterSteps(given, undefined, edition), edition.problems).given;

function objectIn(text: string): Record<string, unknown> {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not JSON: ${errorText(error)}`);
  }
  if (!isPlain(said)) throw new Error('it must be a JSON object');
  return said;
}

/** What a step has taken away, or said otherwise, stays for the version that had it. */
function ofOlder(said: Given, version: string | undefined, edition: Edition): SettingsFile {
  const given = afterSteps(said, version, edition);
  const replaced = Object.entries(said).filter(([key, value]) => !sameValue(value, given[key]));
  return { given, others: Object.fromEntries(replaced), leftOut: [] };
}

/** `version`: of who wrote them; undefined: nobody knows. */
function afterSteps(given: Given, version: string | undefined, { steps }: Edition): Given {
  const todo = steps.filter(({ since }) => version === undefined || isNewer(since, version));
  return todo.reduce((now, step) => step.change(now), given);
}

/** What other versions had and this one can use comes back, where nothing else was chosen since. */
function withOthers(given: Given, others: Given, { problems }: Edition): Pick<SettingsFile, 'given' | 'others'> {
  let now = given;
  const kept: [string, unknown][] = [];
  for (const [key, value] of Object.entries(others)) {
    const own = now[key];
    const isPart = isPlain(own) && isPlain(value);
    if (own !== undefined && !isPart) continue;
    const wanted = { ...now, [key]: isPart ? laidOver(value, own) : value };
    if (problems(wanted).length === 0) now = wanted;
    else kept.push([key, value]);
  }
  return { given: now, others: Object.fromEntries(kept) };
}
