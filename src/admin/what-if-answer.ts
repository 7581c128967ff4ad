import type { AdminWorld, WhatIfAnswer } from './contract.ts';

export type WhatIfReply =
  | { readonly status: 200; readonly json: string }
  | { readonly status: 404 | 409 | 503; readonly why: string };

export const NOT_RECORDED = {
  status: 404,
  why: 'Nothing is recorded: set "trace" to true and start the daemon again.',
} as const;

/** Answers `/api/what-if`. */
export async function whatIfAnswer(world: AdminWorld): Promise<WhatIfReply> {
  const answer: WhatIfAnswer = (await world.whatIf?.()) ?? { kind: 'off' };
  switch (answer.kind) {
    case 'ok':
      return { status: 200, json: JSON.stringify(answer.view) };
    case 'off':
      return NOT_RECORDED;
    case 'empty':
      return { status: 404, why: 'No client has asked for anything yet: come back when some have downloaded.' };
    case 'busy':
      return { status: 409, why: 'This is being worked out for somebody else: ask again in a few seconds.' };
    case 'failed':
      return { status: 503, why: `It could not be worked out: ${answer.why}.` };
  }
}
