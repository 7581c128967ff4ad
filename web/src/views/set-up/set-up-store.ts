import { effect, signal } from '@preact/signals';
import type { Problem } from '#admin/contract-common.ts';
import { tellUnconfirmed } from '../../confirm/confirm-store.ts';
import { call } from '../../frame/call.ts';
import { keep, kept } from '../../frame/language.ts';
import { session } from '../../frame/session.ts';
import { begun, nextSetUp, readSetUp, type SetUp, type SetUpEvent, type Undo } from './set-up-steps.ts';

const KEY = 'swarmbox.set-up';

export const setUp = signal<SetUp>(readSetUp(kept(KEY)));

export const happens = (event: SetUpEvent): void => {
  setUp.value = nextSetUp(setUp.peek(), event);
};
export const beginAgain = (): void => {
  setUp.value = begun();
};

effect(() => keep(KEY, JSON.stringify(setUp.value)));
// Whether an account exists is the box's word, not what this browser remembers.
effect(() => {
  const view = session.value;
  if (view) happens({ kind: 'account', exists: view.isSetUp });
});

type Done = { ok: true } | { ok: false; problem: Problem };

/** Brings back how it was before. */
export async function takeBack(undo: Undo): Promise<Done> {
  switch (undo.kind) {
    case 'time':
      return call('PUT /api/time', { body: { zone: undo.zone } });
    case 'disk':
      return call('POST /api/disks/remove', { body: { path: undo.path } });
    case 'address': {
      const got = await call('PUT /api/network', { body: { address: undo.address } });
      if (got.ok) tellUnconfirmed('network', got.answer.unconfirmed);
      return got;
    }
    case 'settings':
      return changeSettings(undo.values);
  }
}

/** Changes whole settings of the first level, whatever revision the box is at: who sets up is alone. */
export async function changeSettings(values: Readonly<Record<string, unknown>>): Promise<Done> {
  const now = await call('GET /api/settings');
  if (!now.ok) return now;
  const got = await call('PATCH /api/settings', { body: { revision: now.answer.revision, values: { ...values } } });
  if (got.ok) tellUnconfirmed('settings', got.answer.unconfirmed);
  return got;
}
