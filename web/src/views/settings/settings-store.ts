import { batch, computed, signal } from '@preact/signals';
import type { Problem } from '#admin/contract-common.ts';
import type { SettingsView, Value } from '#admin/contract-settings.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { tellUnconfirmed } from '../../confirm/confirm-store.ts';
import { call } from '../../frame/call.ts';
import { bodyOf, changesOf, rebased } from './changes.ts';
import { type Draft, draftOf, type Entry, entryOf } from './draft.ts';
import { checkDraft, firstWrong, NO_PROBLEMS, type Placement, place, together } from './field-problems.ts';
import { canChange, type Field, fieldsOf } from './fields.ts';

/**
 * The settings as the box has them and as they are being changed. It outlives the view: who looks at something else meanwhile finds what was entered.
 */
const view = signal<SettingsView | undefined>(undefined);
const draft = signal<Draft>({});
/** What the box said of what was sent. */
const theirs = signal<Placement>(NO_PROBLEMS);
export const loadProblem = signal<Problem | undefined>(undefined);
/** Somebody else changed settings while these were being entered. */
export const stale = signal<readonly string[] | undefined>(undefined);

export const settings = computed(() => view.value);
export const fields = computed<readonly Field[]>(() => (view.value ? fieldsOf(view.value) : []));
export const entryAt = (path: string): Entry => draft.value[path] ?? '';
export const changes = computed(() => (view.value ? changesOf(fields.value, view.value.values, draft.value) : []));
export const problems = computed<Placement>(() => {
  if (!view.value || changes.value.length === 0) return theirs.value;
  const { values, schema } = view.value;
  return together(theirs.value, checkDraft(fields.value, draft.value, { values, schema, formats: FORMATS }));
});
/** Where the focus goes. */
export const wrongPath = computed(() => firstWrong(fields.value, problems.value));

let asked = 0;
/** Of several that are under way the one asked last counts: an older answer may be of before a change. */
export async function load(signal?: AbortSignal): Promise<void> {
  const mine = ++asked;
  const got = await call('GET /api/settings', signal ? { signal } : {});
  if (mine !== asked) return;
  if (!got.ok) {
    if (got.problem.why !== 'aborted') loadProblem.value = got.problem;
    return;
  }
  batch(() => {
    loadProblem.value = undefined;
    take(got.answer);
  });
  tellUnconfirmed('settings', got.answer.unconfirmed);
}

function take(next: SettingsView): void {
  const before = view.peek();
  const own = before && before.revision !== next.revision ? changes.peek() : [];
  const isFirst = before === undefined;
  view.value = next;
  if (before && own.length > 0) {
    const laid = rebased(fields.peek(), { values: before.values, draft: draft.peek() }, next.values);
    draft.value = laid.draft;
    stale.value = laid.clashes;
  } else if (isFirst || before.revision !== next.revision) draft.value = draftOf(fields.peek(), next.values);
}

export function enter(path: string, entry: Entry): void {
  batch(() => {
    draft.value = { ...draft.peek(), [path]: entry };
    // What the box said was of what stood there before.
    if (theirs.peek().at.has(path) || theirs.peek().elsewhere.length > 0)
      theirs.value = { at: new Map([...theirs.peek().at].filter(([at]) => at !== path)), elsewhere: [] };
  });
}

export const toDefault = (field: Field): void =>
  enter(field.path, entryOf(field, field.byDefault as Value | undefined));

export function discard(): void {
  batch(() => {
    if (view.value) draft.value = draftOf(fields.peek(), view.value.values);
    theirs.value = NO_PROBLEMS;
    stale.value = undefined;
  });
}

const change = (note: string) => ({
  revision: view.peek()?.revision ?? 0,
  values: view.value ? bodyOf(fields.peek(), view.value.values, draft.peek()) : {},
  ...(note.trim() !== '' && { note: note.trim() }),
});

const sayTheirs = (problem: { fields?: Problem['fields'] }): void => {
  theirs.value = place(fields.peek().filter(canChange), draft.peek(), problem.fields ?? []);
};

/** Asks the box whether it would take the change; false: what is wrong stands at the fields. */
export async function check(): Promise<{ ok: true; isRight: boolean } | { ok: false; problem: Problem }> {
  if (problems.peek().at.size > 0) return { ok: true, isRight: false };
  const got = await call('POST /api/settings/check', { body: change('') });
  if (!got.ok) {
    if (!got.problem.fields) return got;
    sayTheirs(got.problem);
    return { ok: true, isRight: false };
  }
  sayTheirs(got.answer);
  return { ok: true, isRight: got.answer.fields.length === 0 };
}

export async function save(note: string): Promise<{ ok: true; waits: boolean } | { ok: false; problem: Problem }> {
  const got = await call('PATCH /api/settings', { body: change(note) });
  if (!got.ok) {
    if (got.problem.fields) sayTheirs(got.problem);
    if (got.problem.why === 'stale') await load();
    return got;
  }
  discard();
  stale.value = undefined;
  tellUnconfirmed('settings', got.answer.unconfirmed);
  await load();
  return { ok: true, waits: got.answer.waitingForRestart.length > 0 };
}
