import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKLOG } from '#kernel/transparent-socket.ts';
import { LIMITS } from './limits.ts';

test('all flows that are steered while the main loop hangs find room in the queue of the listener', () => {
  assert.ok(LIMITS.steeredAtOnce <= BACKLOG);
});
