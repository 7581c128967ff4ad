import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overloadWarnings } from './overload-warnings.ts';

test('a box that stays out of the way says since when, and for how many', () => {
  assert.deepEqual(overloadWarnings({ level: 'calm', shed: 7 }, 9), []);
  const busy = overloadWarnings({ level: 'busy', why: 'clients', sinceMs: 5, shed: 0 }, 9);
  assert.deepEqual(busy, [{ code: 'overload', severity: 'warn', sinceMs: 5, detail: { passed: 9, shed: 0 } }]);
  const [shedding] = overloadWarnings({ level: 'shedding', why: 'waitMs', sinceMs: 5, shed: 7 }, 9);
  assert.equal(shedding?.code, 'overload-sheds');
});
