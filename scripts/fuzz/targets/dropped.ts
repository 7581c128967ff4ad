import assert from 'node:assert/strict';
import { type DropKind, readDropped } from '#prefill/dropped-file.ts';
import { LIMITS } from '#prefill/limits.ts';
import { assertUntouched } from '../invariants.ts';
import type { Target } from '../target.ts';

/** A file in the drop folder, under either ending: all of it is wanted or told of. */
const dropped: Target = {
  tokens: [
    'magnet:?xt=urn:btih:',
    'a'.repeat(40),
    '\n',
    '\r\n',
    '#',
    '&tr=udp://t:1',
    'qvod://9|',
    '\xff\xfe',
    '\xef\xbb\xbf',
  ],
  make: (random) => {
    const line = () =>
      random.pick([
        `magnet:?xt=urn:btih:${random.bytes(20).toString('hex')}&tr=udp://t:1`,
        `qvod://9|${random.bytes(20).toString('hex')}|\xc4\xe3|`,
        '# for people',
        'http://a/b',
      ]);
    return Buffer.from(Array.from({ length: random.size(600) }, line).join('\n'), 'latin1');
  },
  run(input) {
    for (const kind of ['torrent', 'magnet'] satisfies DropKind[]) {
      const { wanted, bad } = assertUntouched(input, () => readDropped(kind, input));
      assert.ok(wanted.length + bad.length > 0 && wanted.length + bad.length <= LIMITS.links + 1);
      for (const { ids, name, trackers } of wanted) {
        assert.ok(ids.length > 0 && ids.every((id) => /^[0-9a-f]{40}$/.test(id)));
        assert.ok(name.length <= LIMITS.nameChars && trackers.length <= LIMITS.trackers);
        for (const tracker of trackers) assert.match(tracker, /^(?:https?|udp):/i);
      }
    }
  },
};

export const droppedTargets = { dropped };
