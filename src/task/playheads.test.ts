import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { MIB } from '#base/units.ts';
import { URGENT_LEVELS } from '#downloader/wanted-pieces.ts';
import { holdersOf } from './holder.ts';
import { LIMITS } from './limits.ts';
import { Playheads } from './playheads.ts';
import type { Part } from './wishes.ts';

const PIECES = 100;
const PARTS = [
  { first: 0, end: 60 },
  { first: 60, end: PIECES },
];
const HEAD = URGENT_LEVELS;

class Viewer {
  readonly remote: { ip: string };
  readonly has = new Bitfield(PIECES);
  readonly telling = { knows: () => true };
  interested = true;

  constructor(ip: string, ...runs: readonly [first: number, end: number][]) {
    this.remote = { ip };
    for (const [first, end] of runs) this.take(first, end);
  }

  take(first: number, end: number): void {
    for (let piece = first; piece < end; piece++) this.has.set(piece);
  }

  pieces(): Bitfield {
    return this.has;
  }
}

const open = (): Playheads => new Playheads({ pieceCount: PIECES, pieceLength: MIB, parts: PARTS });
/** Pieces that come before others, the most urgent first. */
const order = (playheads: Playheads): number[] =>
  Array.from({ length: PIECES }, (_, piece) => piece)
    .filter((piece) => playheads.urgencyOf(piece) > 0)
    .sort((a, b) => playheads.urgencyOf(b) - playheads.urgencyOf(a) || a - b);
const none = new Bitfield(PIECES);
/** They have asked for something, without a choice. */
const look = (playheads: Playheads, viewers: readonly Viewer[], skips: readonly Part[] = []): void => {
  for (const viewer of viewers) playheads.asked(viewer.remote.ip, 0, none, () => [viewer]);
  playheads.look(
    holdersOf(viewers, () => skips),
    none,
    0,
  );
};
const full = new Bitfield(PIECES);
full.setAll();

test('first what is right ahead of the client, soon after it the end of its file, then the rest of the window', () => {
  const playheads = open();
  look(playheads, [new Viewer('192.168.1.20', [0, 10])]);
  assert.deepEqual(order(playheads), [10, 11, 12, 13, 59, ...Array.from({ length: 12 }, (_, i) => 14 + i)]);
  assert.equal(playheads.urgencyOf(10), HEAD);
});

test('what the box has and the client leaves does not hold the window up', () => {
  const playheads = open();
  const have = new Bitfield(PIECES);
  for (let piece = 0; piece < 5; piece++) have.set(piece);
  const viewer = new Viewer('192.168.1.20', [2, 40]);
  playheads.asked(viewer.remote.ip, 2, have, () => [viewer]);
  playheads.look(
    holdersOf([viewer], () => []),
    have,
    0,
  );
  assert.equal(order(playheads)[0], 40);
});

test('clients at two places come by turns, each with what it needs first', () => {
  const playheads = open();
  look(playheads, [new Viewer('192.168.1.20', [0, 10]), new Viewer('192.168.1.21', [0, 70])]);
  assert.deepEqual(order(playheads).slice(0, 4), [10, 11, 70, 71]);
});

test('the window goes with the client: on, over what it has, and to where it jumps, and to what it left out when nothing else is missing', () => {
  const playheads = open();
  const viewer = new Viewer('192.168.1.20', [0, 10], [12, 14]);
  const headAfter = (): number | undefined => {
    look(playheads, [viewer]);
    return order(playheads)[0];
  };
  assert.equal(headAfter(), 10);
  viewer.take(10, 12);
  assert.equal(headAfter(), 14);
  for (let piece = 14; piece < 30; piece++) {
    playheads.asked(viewer.remote.ip, piece, full, () => [viewer]);
    viewer.take(piece, piece + 1);
  }
  playheads.asked(viewer.remote.ip, 80, full, () => [viewer]);
  assert.equal(headAfter(), 80);
  viewer.take(80, PIECES);
  assert.equal(headAfter(), 30);
});

test('who takes what comes has no window, nor has who has everything or left', () => {
  const playheads = open();
  const viewer = new Viewer('192.168.1.20');
  for (const piece of [50, 20, 70]) playheads.asked(viewer.remote.ip, piece, full, () => [viewer]);
  look(playheads, [viewer, new Viewer('192.168.1.21', [0, PIECES])]);
  assert.deepEqual(order(playheads), []);
  look(playheads, []);
  look(playheads, [viewer]);
  assert.equal(order(playheads)[0], 0, 'who comes again begins anew');
});

test('who has not asked for anything has no window: what it wants is not known yet', () => {
  const playheads = open();
  playheads.look(
    holdersOf([new Viewer('192.168.1.20')], () => []),
    none,
    0,
  );
  assert.deepEqual(order(playheads), []);
});

test('a file that the client does not want has no place in the window', () => {
  const playheads = open();
  look(playheads, [new Viewer('192.168.1.20')], [{ first: 0, end: 60 }]);
  assert.equal(order(playheads)[0], 60);
});

/** A box that fetches the most urgent piece, one after another, for one client that takes what it wants of what it is offered. */
class Turning {
  readonly playheads = new Playheads({ pieceCount: PIECES, pieceLength: MIB, parts: [{ first: 0, end: PIECES }] });
  readonly viewer = new Viewer('192.168.1.20');
  readonly have = new Bitfield(PIECES);
  readonly fetched: number[] = [];
  wantsFrom = 0;
  nowMs = 0;

  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; this.nowMs += 200) {
      this.#take();
      const open = Array.from({ length: PIECES - this.wantsFrom }, (_, i) => i + this.wantsFrom);
      this.viewer.interested = open.some((piece) => this.have.has(piece) && !this.viewer.has.has(piece));
      this.playheads.look(
        holdersOf([this.viewer], () => []),
        this.have,
        this.nowMs,
      );
      const [urgent] = order(this.playheads).filter((piece) => !this.have.has(piece));
      const next = this.fetched.length === 0 ? 0 : urgent;
      if (next === undefined) continue;
      this.have.set(next);
      this.fetched.push(next);
    }
  }

  #take(): void {
    for (let piece = this.wantsFrom; piece < PIECES; piece++) {
      if (!this.have.has(piece) || this.viewer.has.has(piece)) continue;
      this.playheads.asked(this.viewer.remote.ip, piece, this.have, () => [this.viewer]);
      this.viewer.has.set(piece);
    }
  }
}

test('a player that turns to a place where the box has nothing is found there, and read on from there', () => {
  for (const place of [41, 60, 77]) {
    const turning = new Turning();
    turning.pass(2_000);
    turning.wantsFrom = place;
    const before = turning.fetched.length;
    for (let tries = 0; tries < 50 && !turning.viewer.has.has(place); tries++) turning.pass(200);
    assert.ok(turning.viewer.has.has(place), `found after ${turning.fetched.slice(before)}`);
    turning.pass(1_400);
    for (let piece = place; piece < place + 4; piece++)
      assert.ok(turning.viewer.has.has(piece), `${piece} of ${turning.fetched.slice(before)}`);
  }
});

test('who has stopped to take anything costs a few pieces, and who is only ahead of the box none', () => {
  const turning = new Turning();
  turning.pass(2_000);
  assert.equal(turning.playheads.searching, false);
  turning.wantsFrom = PIECES;
  const before = turning.fetched.length;
  turning.pass(1_000);
  assert.ok(turning.fetched.length - before <= 5, 'those of its window, until it is clear');
  turning.pass(60_000);
  assert.ok(turning.fetched.length - before <= 5 + LIMITS.probes, `${turning.fetched.slice(before)}`);
  assert.equal(turning.playheads.searching, false);
});
