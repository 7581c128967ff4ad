/**
 * The set-up, step by step, as a pure state: which step is open, what became of each, and how what it did is undone. It is kept in the browser, so that a
 * reload goes on where it was; the box itself knows only whether an account exists.
 *
 * Invariant: before the account is made nothing but the language can be chosen, as nobody may do anything yet.
 */
import type { AddressSettings } from '#admin/contract-machine.ts';

export const STEPS = ['language', 'password', 'time', 'ports', 'address', 'disks', 'limits'] as const;
export type Step = (typeof STEPS)[number];
export type Place = Step | 'end';

/** What brings back how it was before the step. */
export type Undo =
  | { readonly kind: 'time'; readonly zone: string }
  | { readonly kind: 'settings'; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'address'; readonly address: AddressSettings }
  | { readonly kind: 'disk'; readonly path: string };

export type StepState = { readonly state: 'todo' | 'done' | 'skipped'; readonly undo: readonly Undo[] };
export type SetUp = { readonly at: Place; readonly steps: Readonly<Record<Step, StepState>> };

export type SetUpEvent =
  | { readonly kind: 'done'; readonly step: Step; readonly undo?: Undo }
  /** Something was done, and the step goes on: one disk of several. */
  | { readonly kind: 'did'; readonly step: Step; readonly undo: Undo }
  | { readonly kind: 'undone'; readonly step: Step; readonly undo: Undo }
  | { readonly kind: 'skip'; readonly step: Step }
  | { readonly kind: 'back' }
  | { readonly kind: 'go'; readonly to: Place }
  /** What the box says: an account exists, or does not. */
  | { readonly kind: 'account'; readonly exists: boolean };

const TODO: StepState = { state: 'todo', undo: [] };
/** So many disks may be adopted in a row; the oldest is then no longer undone here. */
const UNDO_MAX = 64;

export const begun = (): SetUp => ({
  at: 'language',
  steps: { language: TODO, password: TODO, time: TODO, ports: TODO, address: TODO, disks: TODO, limits: TODO },
});

/** No account can be made twice, nor unmade here. */
const isFor = (state: SetUp, place: Place): boolean => {
  const hasAccount = state.steps.password.state === 'done';
  if (place === 'password') return !hasAccount;
  return hasAccount || place === 'language';
};

export function nextSetUp(state: SetUp, event: SetUpEvent): SetUp {
  switch (event.kind) {
    case 'done':
      return forward(withStep(state, event.step, 'done', event.undo ? [event.undo] : []), event.step);
    case 'did':
      return withStep(state, event.step, 'done', [event.undo]);
    case 'undone': {
      const left = state.steps[event.step].undo.filter((one) => JSON.stringify(one) !== JSON.stringify(event.undo));
      const step: StepState = { state: left.length === 0 ? 'todo' : 'done', undo: left };
      return { ...state, steps: { ...state.steps, [event.step]: step } };
    }
    case 'skip': {
      // Of a step that was done, what was done stays.
      if (event.step === 'password') return state;
      const isDone = state.steps[event.step].state === 'done';
      return forward(isDone ? state : withStep(state, event.step, 'skipped', []), event.step);
    }
    case 'back': {
      const before = placeBefore(state);
      return before ? { ...state, at: before } : state;
    }
    case 'go':
      return isFor(state, event.to) ? { ...state, at: event.to } : state;
    case 'account':
      return withAccount(state, event.exists);
  }
}

function withStep(state: SetUp, step: Step, became: 'done' | 'skipped', undo: readonly Undo[]): SetUp {
  const all = [...state.steps[step].undo, ...undo].slice(-UNDO_MAX);
  return { ...state, steps: { ...state.steps, [step]: { state: became, undo: all } } };
}

function forward(state: SetUp, step: Step): SetUp {
  const rest: Place[] = [...STEPS.slice(STEPS.indexOf(step) + 1), 'end'];
  return { ...state, at: rest.find((place) => isFor(state, place)) ?? state.at };
}

export function placeBefore(state: SetUp): Place | undefined {
  const at = state.at === 'end' ? STEPS.length : STEPS.indexOf(state.at);
  return STEPS.slice(0, at)
    .reverse()
    .find((place) => isFor(state, place));
}

function withAccount(state: SetUp, exists: boolean): SetUp {
  const password: StepState = exists ? { state: 'done', undo: [] } : TODO;
  const known: SetUp = { ...state, steps: { ...state.steps, password } };
  if (exists) return state.at === 'password' ? forward(known, 'password') : known;
  // The box was reset: whatever was kept here is of another life.
  return isFor(known, state.at) ? known : begun();
}

/** What was kept, or a beginning: another version of the page may have written it, or a person. */
export function readSetUp(text: string | null): SetUp {
  try {
    const kept = JSON.parse(text ?? '') as SetUp;
    const isWhole =
      (kept.at === 'end' || STEPS.includes(kept.at)) &&
      STEPS.every((step) => {
        const { state, undo } = kept.steps[step];
        return ['todo', 'done', 'skipped'].includes(state) && Array.isArray(undo) && undo.every((one) => one?.kind);
      });
    return isWhole ? kept : begun();
  } catch {
    return begun();
  }
}
