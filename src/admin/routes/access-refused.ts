import { isRefusal, type Refusal } from '#access/refusal.ts';
import { Refused } from '../route.ts';

/** What the accounts refuse, as an answer. */
export const refusedOf = ({ refused, text, waitMs, fields }: Refusal): Refused =>
  new Refused({ why: refused, text, ...(waitMs !== undefined && { waitMs }), ...(fields && { fields }) });

/** The value as `say` tells it, or the refusal. */
export const told = <Value, Answer>(value: Value | Refusal, say: (value: Value) => Answer): Answer | Refused =>
  isRefusal(value) ? refusedOf(value) : say(value);

/** Nothing to tell, or the refusal. */
export const done = (refused: Refusal | undefined): Record<never, never> | Refused =>
  refused ? refusedOf(refused) : {};
