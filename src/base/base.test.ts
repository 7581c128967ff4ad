import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Bitfield } from './bitfield.ts';
import { endpointKey, parseEndpoint, plainIp } from './endpoint.ts';
import { errorText } from './errors.ts';
import { anyCharacter } from './fixtures.ts';
import { budgeted, LOG_BUDGET, type LogLine, logTo } from './log.ts';
import { Mailbox } from './mailbox.ts';
import { Scope } from './scope.ts';
import { infoHashBytes, infoHashOf, parseInfoHash } from './units.ts';

test('a bitfield survives its own bytes and counts its bits', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(200)), fc.integer({ min: 201, max: 400 }), (on, size) => {
      const field = new Bitfield(size);
      for (const i of on) field.set(i);
      const back = Bitfield.from(field.bytes, size);
      assert.ok(back);
      assert.equal(back.count, on.length);
      for (let i = 0; i < size; i++) assert.equal(back.has(i), on.includes(i));
    }),
  );
});

test('a bitfield with a spare bit set or of another length is refused (BEP 3)', () => {
  assert.equal(Bitfield.from(Uint8Array.of(0b0000_0001), 7), undefined);
  assert.equal(Bitfield.from(Uint8Array.of(0, 0), 7), undefined);
  assert.equal(Bitfield.from(Uint8Array.of(0b1111_1110), 7)?.full, true);
});

test('an info-hash is read in either case and written in lower case', () => {
  const hash = parseInfoHash('ABCDEF0123456789abcdef0123456789ABCDEF01');
  assert.ok(hash);
  assert.equal(infoHashOf(infoHashBytes(hash)), hash);
  assert.equal(parseInfoHash('abc'), undefined);
  assert.throws(() => infoHashOf(new Uint8Array(19)), RangeError);
});

test('an endpoint that a person wrote is read in any spelling, and nothing else is', () => {
  assert.deepEqual(parseEndpoint('1.2.3.4:80'), { ip: '1.2.3.4', port: 80 });
  assert.deepEqual(parseEndpoint('[2001:DB8:0::1]:6881'), { ip: '2001:db8::1', port: 6881 });
  assert.deepEqual(parseEndpoint('[::ffff:1.2.3.4]:80'), { ip: '1.2.3.4', port: 80 });
  for (const text of [
    '',
    '1.2.3.4',
    '1.2.3.4:0',
    '1.2.3.4:65536',
    '1.2.3:80',
    '2001:db8::1:80',
    'host:80',
    '[::1]',
    'x:',
  ])
    assert.equal(parseEndpoint(text), undefined, text);
});

test('mapped IPv4 and zones are spelt plainly', () => {
  assert.equal(plainIp('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(plainIp('fe80::1%br0'), 'fe80::1');
  assert.equal(endpointKey({ ip: '::1', port: 1 }), '[::1]:1');
});

test('a full mailbox refuses and a closed one ends its reader', async () => {
  const box = new Mailbox<number>(2);
  assert.deepEqual([box.post(1), box.post(2), box.post(3)], [true, true, false]);
  box.close();
  const read: number[] = [];
  for await (const n of box) read.push(n);
  assert.deepEqual(read, [1, 2]);
});

test('closing a scope aborts its children, waits for them and releases in reverse', async () => {
  const seen: string[] = [];
  const scope = new Scope((e) => seen.push(errorText(e)));
  scope.defer(() => void seen.push('first'));
  scope.defer(() => void seen.push('second'));
  scope.run(async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    seen.push('child');
  });
  scope.run(async () => {
    throw new Error('broken', { cause: 'disk' });
  });
  await new Promise(setImmediate);
  await scope.close();
  assert.deepEqual(
    seen,
    ['broken: disk', 'second', 'first', 'child'].toSorted((a, b) => seen.indexOf(a) - seen.indexOf(b)),
  );
  assert.ok(seen.indexOf('second') < seen.indexOf('first'));
  assert.equal(seen.length, 4);
});

test('an event that repeats without end is logged so often, then counted', () => {
  let nowMs = 0;
  const lines: LogLine[] = [];
  const log = logTo(
    budgeted(
      (line) => lines.push(line),
      () => nowMs,
    ),
  );
  for (let i = 0; i < LOG_BUDGET.lines + 7; i++) log.info('noise');
  log.info('news');
  assert.equal(lines.length, LOG_BUDGET.lines + 1);
  nowMs += LOG_BUDGET.windowMs;
  log.info('noise', { a: 1 });
  assert.deepEqual(lines.at(-1)?.fields, { a: 1, omitted: 7 });
  nowMs += LOG_BUDGET.windowMs;
  log.info('noise');
  assert.deepEqual(lines.at(-1)?.fields, {});
});

test('what is deferred on a scope that has closed is released at once, a timer included', async () => {
  const scope = new Scope(assert.ifError);
  await scope.close();
  let released = 0;
  scope.defer(() => {
    released++;
  });
  new Scope(assert.ifError, scope).defer(() => {
    released++;
  });
  scope.every(1, () => assert.fail('nobody waits for it any more'));
  await sleep(5);
  assert.equal(released, 2);
});

test('any character is one, of all that there are, and a text of them is known again', () => {
  fc.assert(fc.property(anyCharacter, (one) => [...one].length === 1 && one.isWellFormed()));
  for (const one of ['\0', 'a', '\ud7ff', '\ue000', '\u{10ffff}'])
    assert.ok(anyCharacter.canShrinkWithoutContext(one), one);
  for (const none of ['', 'ab', '\ud800', '\udfff', 7])
    assert.ok(!anyCharacter.canShrinkWithoutContext(none), `${none}`);
  assert.ok(fc.string({ unit: anyCharacter }).canShrinkWithoutContext('__proto__'));
});
