import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ataAnswer, nvmeAnswer, sasAnswer, silentAnswers } from './fixtures.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { parseSmart, type SmartReading } from './smart.ts';
import { badSectorsOf, wearOf } from './wear.ts';

/** Any, halves of pairs included. The library's own unit of that kind takes two seconds to be made. */
const codePoint = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));

const read = (answer: unknown, status = 0) => parseSmart(JSON.stringify(answer), status);

test('an ATA disk that is well', () => {
  assert.deepEqual(read(ataAnswer()), {
    verdict: 'passed',
    model: 'WDC WD40EFRX-68N32N0',
    serial: 'WD-WCC7K0AAAAAA',
    rotating: true,
    temperatureC: 34,
    powerOnHours: 31_234,
    reallocatedSectors: 0,
    pendingSectors: 0,
    uncorrectableSectors: 0,
  });
});

test('bad sectors are counted, whatever else is packed into the number', () => {
  const { reallocatedSectors, pendingSectors, uncorrectableSectors, verdict } = read(
    ataAnswer({ reallocated: 24, pending: 8, uncorrectable: 3 }),
  );
  assert.deepEqual([reallocatedSectors, pendingSectors, uncorrectableSectors, verdict], [24, 8, 3, 'passed']);
  const { ata_smart_attributes, ...rest } = ataAnswer();
  const table = [{ id: 5, raw: { value: 7 } }, { id: 5, raw: { value: 9 } }, null, 'x', { id: 197, raw: 4 }];
  const odd = read({ ...rest, ata_smart_attributes: { ...ata_smart_attributes, table } });
  assert.deepEqual([odd.reallocatedSectors, odd.pendingSectors], [7, undefined]);
});

test('NVMe and SAS disks say it in words of their own', () => {
  assert.deepEqual(read(nvmeAnswer({ warning: 4, used: 104, mediaErrors: 2 }), 8), {
    verdict: 'failing',
    model: 'Samsung SSD 970 EVO Plus 1TB',
    serial: 'S4EWNX0M000000A',
    temperatureC: 41,
    powerOnHours: 8123,
    criticalWarning: 4,
    percentUsed: 104,
    mediaErrors: 2,
  });
  const sas = read(sasAnswer());
  assert.deepEqual([sas.model, sas.reallocatedSectors, sas.verdict], ['SEAGATE ST4000NM0023', 7, 'passed']);
});

test('who says nothing, and why', () => {
  const whys = Object.entries(silentAnswers).map(([name, { status, answer }]) => {
    const { verdict, why } = read(answer, status);
    assert.equal(verdict, 'unknown');
    return [name, why];
  });
  assert.deepEqual(Object.fromEntries(whys), {
    bridge: 'no-smart',
    undetected: 'no-smart',
    denied: 'not-permitted',
    deniedNvme: 'not-permitted',
    behindScsi: 'no-smart',
    vanished: 'no-answer',
    asleepSas: 'asleep',
    asleep: 'asleep',
  });
});

test('of the exit status only a failing disk and an attribute at its threshold condemn', () => {
  const verdicts = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => read(ataAnswer(), 1 << bit).verdict);
  assert.deepEqual(verdicts, ['passed', 'passed', 'passed', 'failing', 'failing', 'passed', 'passed', 'passed']);
  assert.equal(read(ataAnswer({ passed: false })).verdict, 'failing');
  assert.equal(parseSmart('', 8).verdict, 'unknown', 'nothing was said');
});

test('garbage, what was cut off, and what is too long', () => {
  const whole = JSON.stringify(ataAnswer());
  const deep = `{"smartctl":${'['.repeat(100_000)}`;
  const long = JSON.stringify({ ...ataAnswer(), filler: 'x'.repeat(HEALTH_LIMITS.smartBytes) });
  for (const text of ['', 'null', '[]', '7', '"smartctl"', "smartctl: invalid option -- 'j'", deep, long, '\0\x1b[2J'])
    assert.deepEqual(parseSmart(text, 0), { verdict: 'unknown', why: 'garbled' });
  for (let length = 0; length < whole.length; length += 7)
    assert.equal(parseSmart(whole.slice(0, length), 0).why, 'garbled');
});

test('what a firmware calls its disk can be printed, and is short', () => {
  const named = (model_name: unknown, serial_number: unknown = 'S') =>
    read({ ...ataAnswer(), model_name, serial_number });
  assert.equal(named('\x1b[31mWDC\u202Ered\u0000\u200f').model, '?[31mWDC?red??');
  assert.equal(named('  a \n\t b  ').model, 'a b');
  assert.equal(named('硬盘').model, '??');
  assert.equal(named('x'.repeat(9999)).model?.length, HEALTH_LIMITS.firmwareChars);
  for (const nothing of ['', '   ', 7, null, ['x'], { toString: 'x' }]) {
    assert.equal(named(nothing).model, undefined);
    assert.equal(named('m', nothing).serial, undefined);
  }
});

test('figures that cannot be are none', () => {
  for (const odd of [-1, 1.5, 1e300, '34', null, true, [], {}]) {
    const ata = read({ ...ataAnswer(), temperature: { current: odd }, power_on_time: { hours: odd } });
    assert.deepEqual([ata.temperatureC, ata.powerOnHours], [undefined, undefined]);
  }
  assert.equal(read({ ...ataAnswer(), temperature: { current: 201 } }).temperatureC, undefined);
  assert.equal(read(nvmeAnswer({ used: 256 })).percentUsed, undefined);
});

const ALLOWED = new Set(
  Object.keys({ ...read(ataAnswer()), ...read(nvmeAnswer()), ...read(silentAnswers.bridge.answer, 1) }),
);

function assertSound(reading: SmartReading): void {
  assert.ok(['passed', 'failing', 'unknown'].includes(reading.verdict));
  assert.equal(reading.verdict === 'unknown', reading.why !== undefined);
  for (const [key, value] of Object.entries(reading)) {
    assert.ok(ALLOWED.has(key), key);
    if (typeof value === 'number') assert.ok(Number.isSafeInteger(value) && value >= 0, `${key} ${value}`);
    if (typeof value === 'string') assert.match(value, /^[ -~]{1,40}$/, key);
  }
  assert.ok(JSON.stringify(reading).length < 600);
  wearOf(badSectorsOf(reading), reading);
}

const ANSWERS = [ataAnswer(), nvmeAnswer(), sasAnswer(), ...Object.values(silentAnswers).map((s) => s.answer)];
const anAnswer = fc.constantFrom(...ANSWERS);
const aStatus = fc.nat({ max: 255 });

test('an answer with bytes of it changed, cut or put in is read or refused', () => {
  const splice = fc.record({
    at: fc.nat({ max: 2000 }),
    cut: fc.nat({ max: 40 }),
    put: fc.oneof(
      fc.string({ unit: codePoint, maxLength: 12 }),
      fc.constantFrom('"', '{', ']', '-', '9'.repeat(30), '\\u202e'),
    ),
  });
  fc.assert(
    fc.property(anAnswer, fc.array(splice, { minLength: 1, maxLength: 8 }), aStatus, (answer, splices, status) => {
      let text = JSON.stringify(answer);
      for (const { at, cut, put } of splices) {
        const here = at % (text.length + 1);
        text = text.slice(0, here) + put + text.slice(here + cut);
      }
      assertSound(parseSmart(text, status));
    }),
    { numRuns: 2000 },
  );
});

/** The same answer with the value at some place of it exchanged. */
function withValue(answer: unknown, place: number, value: unknown): unknown {
  let left = place;
  const walk = (node: unknown): unknown => {
    if (left-- === 0) return value;
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, walk(child)]));
  };
  return walk(answer);
}

test('an answer with any value in the place of another is read or refused', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.string({ unit: codePoint }),
    fc.double(),
    fc.integer(),
    fc.constant('\u202e'),
  );
  fc.assert(
    fc.property(anAnswer, fc.nat({ max: 150 }), value, aStatus, (answer, place, put, status) => {
      const text = JSON.stringify(withValue(answer, place, put), (_, v) => (typeof v === 'bigint' ? String(v) : v));
      assertSound(parseSmart(text ?? '', status));
    }),
    { numRuns: 2000 },
  );
});

test('a disk is worn when it says so, when its bad sectors grew, or when its flash is used up', () => {
  const first = badSectorsOf(read(ataAnswer({ reallocated: 5 })));
  const now = (o: Parameters<typeof ataAnswer>[0], status = 0) => wearOf(first, read(ataAnswer(o), status));
  assert.deepEqual(now({ reallocated: 5 }), {});
  assert.deepEqual(now({ reallocated: 6, pending: 2 }), { worn: 'bad-sectors', newBadSectors: 3 });
  assert.deepEqual(now({ reallocated: 4 }), {});
  assert.deepEqual(now({ passed: false }), { worn: 'says-failing' });
  assert.deepEqual(now({ reallocated: 5, uncorrectable: 1 }, 16), { worn: 'says-failing', newBadSectors: 1 });
  const nvme = (o: Parameters<typeof nvmeAnswer>[0]) => wearOf(badSectorsOf(read(nvmeAnswer())), read(nvmeAnswer(o)));
  assert.deepEqual(nvme({ used: 99 }), {});
  assert.deepEqual(nvme({ used: 100 }), { worn: 'used-up' });
  assert.deepEqual(nvme({ mediaErrors: 1 }), { worn: 'bad-sectors', newBadSectors: 1 });
  assert.deepEqual(nvme({ warning: 1 }), { worn: 'says-failing' });
  assert.deepEqual(nvme({ warning: 2 }), { worn: 'hot' });
  assert.deepEqual(nvme({ warning: 3 }), { worn: 'says-failing' });
  assert.deepEqual(wearOf(badSectorsOf(read('x')), read('x')), {}, 'who says nothing is not judged');
});
