import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findView, type ViewEntry } from './view-entry.ts';

const entry = (name: ViewEntry['name'], path: string): ViewEntry => ({
  name,
  path,
  right: 'look',
  inNav: true,
  load: () => Promise.reject(new Error('not loaded here')),
  words: [],
});
const entries = [entry('dashboard', '/'), entry('torrents', '/torrents'), entry('torrent', '/torrents/{infoHash}')];

test('a path leads to its view with what was in it', () => {
  assert.equal(findView(entries, '/')?.entry.name, 'dashboard');
  assert.equal(findView(entries, '/torrents')?.entry.name, 'torrents');
  assert.deepEqual(findView(entries, '/torrents/ab')?.params, { infoHash: 'ab' });
  assert.equal(findView(entries, '/nowhere'), undefined);
});
