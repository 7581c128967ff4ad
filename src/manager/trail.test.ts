import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Trail } from './trail.ts';

const walked = (torrents: number, clients: (i: number) => number): Trail => {
  const trail = new Trail();
  for (let i = 0; i < torrents; i++) for (let n = 1; n <= clients(i); n++) trail.joined(n);
  return trail;
};

test('a new box does not know and guesses; one of a kind learns how its torrents go on', () => {
  assert.equal(new Trail().another(1), 0.3);
  const oneHits = walked(1_000, (i) => (i % 50 === 0 ? 2 : 1));
  assert.ok(oneHits.another(1) < 0.03);
  const cafe = walked(100, () => 200);
  for (const n of [1, 2, 30, 31, 200]) assert.ok(cafe.another(n) > 0.9 && cafe.another(n) < 1);
});

test('the number of clients says more than their share: who has had two gets a third more often than who had one a second', () => {
  const campus = walked(1_000, (i) => (i < 500 ? 1 : 2 + (i % 7)));
  assert.ok(campus.another(2) > campus.another(1) + 0.2);
});

test('it goes on where an earlier one ended, and begins anew from what is none', () => {
  const cafe = walked(100, () => 20);
  assert.equal(new Trail(cafe.text).another(3), cafe.another(3));
  for (const text of ['', 'x', '1 2 3', cafe.text.replace('100', '-100'), cafe.text.replace('100', 'Infinity')])
    assert.equal(new Trail(text).another(1), new Trail().another(1), text);
});

test('what a LAN asked for long ago is outweighed by what it asks for now', () => {
  const trail = walked(60_000, () => 2);
  const before = trail.another(1);
  for (let i = 0; i < 60_000; i++) trail.joined(1);
  assert.ok(before > 0.9 && trail.another(1) < 0.4);
});
