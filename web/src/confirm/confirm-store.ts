import { effect, signal } from '@preact/signals';
import type { Problem, Unconfirmed } from '#admin/contract-common.ts';
import { call } from '../frame/call.ts';
import { type ConfirmState, type Matter, NOTHING_WAITS, nextConfirm, type Waiting } from './unconfirmed.ts';

/** ms between two questions whether the change still waits. */
const EVERY_MS = 3000;

export const waiting = signal<ConfirmState>(NOTHING_WAITS);
const happens = (event: Parameters<typeof nextConfirm>[1]): void => {
  waiting.value = nextConfirm(waiting.peek(), event);
};

/** What an answer of the box says of a change that waits; undefined: nothing waits. */
export function tellUnconfirmed(matter: Matter, change: Unconfirmed | undefined): void {
  happens({ kind: 'told', matter, change });
}

async function ask(matter: Matter): Promise<void> {
  const got = await call(matter === 'settings' ? 'GET /api/settings' : 'GET /api/network');
  if (got.ok) tellUnconfirmed(matter, got.answer.unconfirmed);
  else if (got.problem.why === 'no-answer') happens({ kind: 'silent' });
  else if (got.problem.why === 'not-signed-in') happens({ kind: 'barred' });
}

/** At the beginning: a change may wait that was made in another window, or under another address. */
export async function askWaiting(): Promise<void> {
  await ask('network');
  if (waiting.peek().kind === 'none') await ask('settings');
}

type Done = { ok: true } | { ok: false; problem: Problem };

export async function answer(change: Waiting, wanted: 'keep' | 'take-back'): Promise<Done> {
  happens({ kind: 'answer', wanted });
  const got = await send(change, wanted);
  happens({ kind: got.ok ? 'done' : 'failed' });
  return got;
}

function send({ matter, token }: Waiting, wanted: 'keep' | 'take-back'): Promise<Done> {
  if (wanted === 'take-back') return call(`POST /api/${matter}/revert`);
  return call(`POST /api/${matter}/confirm`, { body: { token } });
}

export const seen = (): void => happens({ kind: 'seen' });

// While something waits the box is asked now and then, one question at a time: it may have taken itself back.
effect(() => {
  const now = waiting.value;
  if (now.kind !== 'waiting') return;
  const timer = setTimeout(() => void ask(now.change.matter).then(() => void again(now)), EVERY_MS);
  return () => clearTimeout(timer);
});

/** An answer that changed nothing would otherwise be the last question. */
function again(before: ConfirmState): void {
  if (waiting.peek() === before && before.kind === 'waiting') waiting.value = { ...before };
}
