import type { FieldProblem } from '#admin/contract-common.ts';
import type { SettingsSchema, Values } from '#admin/contract-settings.ts';
import { type Formats, problemsOf } from '#base/schema-check.ts';
import type { Draft } from './draft.ts';
import { linesOf, scaleOf, valuesOf } from './draft.ts';
import { canChange, type Field } from './fields.ts';

/** A problem where it is shown. `row`: which line or span of hours, from 0; `part`: which of its inputs. */
export type Placed = FieldProblem & { readonly row?: number; readonly part?: string; readonly entered?: string };
/** `elsewhere`: what belongs to no field of the page. */
export type Placement = {
  readonly at: ReadonlyMap<string, readonly Placed[]>;
  readonly elsewhere: readonly FieldProblem[];
};

export const NO_PROBLEMS: Placement = { at: new Map(), elsewhere: [] };

/** What the schema says of the draft. The box says the same with the same check, and more: what goes together with what. */
export function checkDraft(
  fields: readonly Field[],
  draft: Draft,
  o: { values: Values; schema: SettingsSchema; formats: Formats },
): Placement {
  const found = problemsOf(valuesOf(fields, draft, o.values), o.schema, o.schema, o.formats);
  const placed = place(fields.filter(canChange), draft, found);
  // What cannot be changed here is no fault of whoever looks at it.
  return { at: placed.at, elsewhere: [] };
}

/** Puts problems to their fields: the longest path that leads to one. */
export function place(fields: readonly Field[], draft: Draft, problems: readonly FieldProblem[]): Placement {
  const at = new Map<string, Placed[]>();
  const elsewhere: FieldProblem[] = [];
  for (const problem of problems) {
    const field = fields.find(({ path }) => problem.path === path || problem.path.startsWith(`${path}.`));
    // A group as a whole is told at its first field.
    const first = field ?? fields.find(({ path }) => problem.path !== '' && path.startsWith(`${problem.path}.`));
    if (!first) elsewhere.push(problem);
    else at.set(first.path, [...(at.get(first.path) ?? []), placedAt(first, draft, problem)]);
  }
  return { at, elsewhere };
}

function placedAt(field: Field, draft: Draft, problem: FieldProblem): Placed {
  const [row, part] = problem.path.slice(field.path.length + 1).split('.');
  const entry = draft[field.path];
  const line = row !== undefined && typeof entry === 'string' ? linesOf(entry)[Number(row)] : undefined;
  const limit = problem.detail?.limit;
  return {
    ...problem,
    ...(typeof limit === 'number' && { detail: { ...problem.detail, limit: limit * scaleOf(field) } }),
    ...(row && /^\d+$/.test(row) && { row: Number(row) }),
    ...(part && { part }),
    ...(line !== undefined && { entered: line }),
  };
}

/** The first field with a problem, in the order of the page: that is where the focus goes. */
export const firstWrong = (fields: readonly Field[], { at }: Placement): string | undefined =>
  fields.find(({ path }) => at.has(path))?.path;

/** One sentence of these about each field is enough; what the box said goes before what the page found. */
export const together = (theirs: Placement, ours: Placement): Placement => ({
  at: new Map([...ours.at, ...theirs.at]),
  elsewhere: [...theirs.elsewhere, ...ours.elsewhere],
});
