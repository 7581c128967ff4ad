import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LineSeen, LineYield, YIELD } from './line-yield.ts';

const LINE_BYTES_PER_S = 1_250_000;
const BUFFER_S = 0.1;
const STEP_S = 0.01;
const PACKET = 1_500;

/** A line with a queue, the box, and perhaps somebody whose TCP takes what it can get until packets are lost (Reno). */
class Line {
  readonly #yield = new LineYield();
  readonly #pathS: number;
  queueBytes = 0;
  #window = 0;
  #smoothedMs = 0;
  #freshMs = Number.POSITIVE_INFINITY;
  #boxRate = 0;
  #otherNow = 0;
  #lossAt = 0;
  #at = 0;
  readonly got = { box: 0, other: 0 };
  queueSum = 0;

  constructor(pathS: number) {
    this.#pathS = pathS;
  }

  get isFree(): boolean {
    return this.#yield.allowedBytesPerS === Number.POSITIVE_INFINITY;
  }

  set other(isThere: boolean) {
    this.#window = isThere ? 10 * PACKET : 0;
  }

  /** Shares of the line, and the mean queue in ms, over `seconds`. */
  run(seconds: number): { box: number; other: number; queueMs: number } {
    this.got.box = this.got.other = this.queueSum = 0;
    const steps = Math.round(seconds / STEP_S);
    for (let i = 0; i < steps; i++) this.#step(i);
    const all = seconds * LINE_BYTES_PER_S;
    return { box: this.got.box / all, other: this.got.other / all, queueMs: this.queueSum / steps };
  }

  #step(i: number): void {
    this.#at += STEP_S;
    const roundS = this.#pathS + this.queueBytes / LINE_BYTES_PER_S;
    // Without a rate, what the origins hold ready is as much as the line takes, and more.
    const box = Math.min(this.#yield.allowedBytesPerS, 1.5 * LINE_BYTES_PER_S) * STEP_S;
    const other = (this.#window / Math.max(roundS, STEP_S)) * STEP_S;
    const out = Math.min(this.queueBytes + box + other, LINE_BYTES_PER_S * STEP_S);
    const share = box + other > 0 ? box / (box + other) : 0;
    this.queueBytes += box + other - out;
    const lost = this.queueBytes - BUFFER_S * LINE_BYTES_PER_S;
    if (lost > 0) {
      this.queueBytes -= lost;
      if (this.#at - this.#lossAt > roundS) {
        this.#window /= 2;
        this.#lossAt = this.#at;
      }
    } else if (this.#window > 0) this.#window += (PACKET * STEP_S) / Math.max(roundS, STEP_S);
    this.got.box += out * share;
    this.got.other += out * (1 - share);
    const queueMs = (this.queueBytes / LINE_BYTES_PER_S) * 1000;
    this.queueSum += queueMs;
    this.#smoothedMs += (queueMs - this.#smoothedMs) * (STEP_S / 0.5);
    this.#freshMs = Math.min(this.#freshMs, queueMs);
    this.#boxRate += ((out * share) / STEP_S - this.#boxRate) * (STEP_S / 0.5);
    this.#otherNow += ((out * (1 - share)) / STEP_S - this.#otherNow) * (STEP_S / 0.4);
    if ((i * STEP_S * 1000) % YIELD.lookMs < STEP_S * 1000 - 1e-6) this.#look();
  }

  #look(): void {
    const queue = { leastMs: Math.min(this.#smoothedMs, this.#freshMs), mostMs: this.#freshMs };
    this.#freshMs = Number.POSITIVE_INFINITY;
    this.#yield.look({ queue, fetchedBytesPerS: this.#boxRate, othersBytesPerS: this.#otherNow, held: !this.isFree });
  }
}

for (const pathS of [0.001, 0.02, 0.08]) {
  test(`round trip of ${pathS * 1000} ms: alone it fills the line and hardly its queue; it makes way, and is back when the other is gone`, (t) => {
    const line = new Line(pathS);
    line.run(5);
    const alone = line.run(20);
    line.other = true;
    const beside = line.run(15);
    const later = line.run(15);
    line.other = false;
    const back = line.run(6);
    const after = line.run(10);
    t.diagnostic(JSON.stringify({ alone, beside, later, back, after }));
    assert.ok(alone.box > 0.9, `alone it has ${alone.box} of the line`);
    assert.ok(alone.queueMs < 20, `alone it queues ${alone.queueMs} ms`);
    assert.ok(later.other > 0.9, `the other has ${later.other}`);
    assert.ok(after.box > 0.9, `afterwards it has ${after.box}`);
  });
}

/** Looks for so many seconds at what does not change. */
function look(rule: LineYield, seconds: number, seen: (allowed: number) => LineSeen): void {
  for (let i = 0; i < (seconds * 1000) / YIELD.lookMs; i++) rule.look(seen(rule.allowedBytesPerS));
}

const queueOf = (ms: number) => ({ leastMs: ms, mostMs: ms });

test('a queue that stands though nobody else is on the line is an origin’s own: the box does not give way to it for ever', () => {
  const rule = new LineYield();
  const seen = (allowed: number): LineSeen => ({
    queue: queueOf(300),
    fetchedBytesPerS: Math.min(allowed, 500_000),
    othersBytesPerS: 0,
    held: true,
  });
  look(rule, 60, seen);
  assert.ok(rule.allowedBytesPerS > 0.7 * 500_000, `${rule.allowedBytesPerS}`);
});

test('a line whose queue is no longer than a busy processor makes it is never limited', () => {
  const rule = new LineYield();
  look(rule, 60, () => ({ queue: queueOf(20), fetchedBytesPerS: 5e7, othersBytesPerS: 0, held: false }));
  assert.equal(rule.isFree, true);
});

test('when nothing tells of the queue, all stays as it is', () => {
  const rule = new LineYield();
  const crowded = { queue: queueOf(80), fetchedBytesPerS: 1e6, othersBytesPerS: 1e6, held: true };
  look(rule, 5, () => crowded);
  const before = rule.allowedBytesPerS;
  look(rule, 5, () => ({ ...crowded, queue: undefined }));
  assert.equal(rule.allowedBytesPerS, before);
});

test('however long others fill the line, a little is fetched', () => {
  const rule = new LineYield();
  const seen = (allowed: number): LineSeen => ({
    queue: queueOf(90),
    fetchedBytesPerS: Math.min(allowed, 1e6),
    othersBytesPerS: 1e6,
    held: true,
  });
  look(rule, 3_600, seen);
  assert.ok(rule.allowedBytesPerS >= YIELD.floorBytesPerS);
  assert.ok(rule.allowedBytesPerS < 50_000, `${rule.allowedBytesPerS}`);
});

test('what origins do not give is not allowed ever more', () => {
  const rule = new LineYield();
  look(rule, 2, () => ({ queue: queueOf(80), fetchedBytesPerS: 1e6, othersBytesPerS: 0, held: true }));
  const before = rule.allowedBytesPerS;
  look(rule, 600, () => ({ queue: queueOf(0), fetchedBytesPerS: 1e5, othersBytesPerS: 0, held: false }));
  assert.equal(rule.allowedBytesPerS, before);
});

test('when the others are seen to be gone, the box is back at once, though too little comes to tell of the queue', () => {
  const rule = new LineYield();
  look(rule, 2, () => ({ queue: queueOf(30), fetchedBytesPerS: 1e6, othersBytesPerS: 0, held: true }));
  look(rule, 5, (allowed) => ({
    queue: queueOf(90),
    fetchedBytesPerS: allowed,
    othersBytesPerS: 1e6,
    held: true,
  }));
  assert.ok(rule.allowedBytesPerS < 50_000, `${rule.allowedBytesPerS}`);
  look(rule, 1, () => ({ queue: undefined, fetchedBytesPerS: 0, othersBytesPerS: 0, held: false }));
  assert.ok(rule.allowedBytesPerS > 0.7e6, `${rule.allowedBytesPerS}`);
});
