import type { SettingDiff, Values } from '#admin/contract-settings.ts';
import { type Draft, draftOf, valuesOf } from './draft.ts';
import { canChange, type Field, valueAt } from './fields.ts';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What would change, field by field. */
export function changesOf(fields: readonly Field[], values: Values, draft: Draft): SettingDiff[] {
  // Both go the same way through the fields, so that how a value happens to be written makes no difference.
  const before = valuesOf(fields, draftOf(fields, values), values);
  const after = valuesOf(fields, draft, values);
  return fields.filter(canChange).flatMap(({ path }) => {
    const [old, now] = [valueAt(before, path), valueAt(after, path)];
    if (same(old, now)) return [];
    return [{ path, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) }];
  });
}

/** Whole settings of the first level, as the box takes them; `null` puts one back to its default. */
export function bodyOf(fields: readonly Field[], values: Values, draft: Draft): Record<string, unknown> {
  const after = valuesOf(fields, draft, values);
  const names = new Set(changesOf(fields, values, draft).map(({ path }) => path.split('.')[0] as string));
  return Object.fromEntries([...names].map((name) => [name, after[name] ?? null]));
}

/**
 * Somebody else changed settings meanwhile: what was entered here is laid over theirs. `clashes`: what both changed, to different values;
 * ours stands in the draft, and the person is told.
 */
export function rebased(
  fields: readonly Field[],
  ours: { values: Values; draft: Draft },
  theirs: Values,
): { draft: Draft; clashes: string[] } {
  const [was, now] = [draftOf(fields, ours.values), draftOf(fields, theirs)];
  const clashes: string[] = [];
  const draft = Object.fromEntries(
    fields.map(({ path }) => {
      const own = ours.draft[path] ?? was[path];
      if (same(own, was[path])) return [path, now[path] as Draft[string]];
      if (!same(now[path], was[path]) && !same(now[path], own)) clashes.push(path);
      return [path, own as Draft[string]];
    }),
  );
  return { draft, clashes };
}
