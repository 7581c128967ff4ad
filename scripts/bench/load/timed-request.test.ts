import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimedRequest } from './timed-request.ts';

test('one request at a time, behind those that were open; nothing once they are discarded', () => {
  let took = 0;
  const timed = new TimedRequest(() => took++);
  const answer = (times: number): void => {
    for (let i = 0; i < times; i++) timed.answered();
  };
  timed.asked(2);
  timed.asked(0); // one is timed already
  answer(2);
  assert.equal(took, 0);
  answer(5);
  assert.equal(took, 1);
  timed.asked(0);
  timed.forget();
  answer(3);
  assert.equal(took, 1);
});
