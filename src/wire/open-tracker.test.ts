import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOpenTracker } from './open-tracker.ts';

test('a tracker is open when its address has no room for a passkey', () => {
  for (const open of [
    'udp://t:6969',
    'udp://t:6969/announce',
    'http://t/announce',
    'https://[2001:db8::1]:443/announce',
  ])
    assert.equal(isOpenTracker(open), true, open);
  for (const closed of [
    'http://t/k3y/announce',
    'http://t/announce?k=1',
    'http://t/announce.php',
    'http://t',
    'wss://t/announce',
  ])
    assert.equal(isOpenTracker(closed), false, closed);
});
