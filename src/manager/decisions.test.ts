import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import type { InfoHash } from '#base/units.ts';
import { Decisions } from './decisions.ts';
import { LIMITS } from './limits.ts';

const NONE = { pin: [], block: [] };
const [V1, V2, OTHER] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [InfoHash, InfoHash, InfoHash];
/** The first two are one torrent (BEP 52). */
const names = (id: InfoHash): readonly InfoHash[] => (id === V1 || id === V2 ? [V1, V2] : []);

function made(text?: string, settings: { pin: InfoHash[]; block: InfoHash[] } = NONE) {
  const kept = { text, writes: true };
  const keep = async (all: string): Promise<boolean> => {
    if (kept.writes) kept.text = all;
    return kept.writes;
  };
  return { decisions: new Decisions(text, settings, { names, keep }), kept };
}

test('what is decided by one name of a hybrid holds for the other, and is taken back by it', async () => {
  const { decisions } = made();
  await decisions.change([V2], { pinned: true });
  assert.ok(decisions.isPinned(V1) && decisions.isPinned(V2) && !decisions.isPinned(OTHER));
  await decisions.change([V1], { blocked: true });
  assert.deepEqual(decisions.of(V2), { pinned: true, blocked: true });
  await decisions.change([V1], { pinned: undefined, blocked: undefined });
  assert.deepEqual([decisions.of(V2), decisions.all()], [{}, []]);
  assert.ok(made(undefined, { pin: [V2], block: [] }).decisions.isPinned(V1));
});

test('decisions made at the same time all hold, in the file too', async () => {
  const { decisions, kept } = made();
  const ids = Array.from({ length: 30 }, (_, i) => i.toString(16).padStart(40, '0') as InfoHash);
  await Promise.all(ids.map((id, i) => decisions.change([id], i % 2 ? { pinned: true } : { limitMbps: i + 1 })));
  const again = made(kept.text).decisions;
  for (const [i, id] of ids.entries())
    assert.deepEqual([decisions.of(id), again.of(id)], Array(2).fill(i % 2 ? { pinned: true } : { limitMbps: i + 1 }));
});

test('there are no more than may be, and what is there can still be taken back', async () => {
  const { decisions } = made();
  const ids = Array.from({ length: LIMITS.decisions }, (_, i) => i.toString(16).padStart(40, '0') as InfoHash);
  assert.equal(await decisions.change(ids, { pinned: true }), 'kept');
  assert.equal(await decisions.change([OTHER], { pinned: true }), 'too-many');
  assert.equal(decisions.isPinned(OTHER), false);
  assert.equal(await decisions.change(ids.slice(0, 1), { pinned: undefined }), 'kept');
  assert.equal(await decisions.change([OTHER], { pinned: true }), 'kept');
});

test('whatever the file holds, it is read, and decides nothing that cannot be decided', () => {
  const said = fc.record(
    {
      pinned: fc.anything(),
      blocked: fc.anything(),
      limitMbps: fc.oneof(fc.double(), fc.anything()),
      more: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const names = fc.oneof(fc.string(), fc.constantFrom(V1, OTHER, V1.toUpperCase(), '__proto__'));
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.json(),
    fc.dictionary(names, fc.oneof(said, fc.anything())).map((torrents) => JSON.stringify({ version: 1, torrents })),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const { decisions } = made(text);
      for (const id of decisions.all()) {
        assert.match(id, /^[0-9a-f]{40}$/);
        const { limitMbps = 1, ...flags } = decisions.of(id);
        assert.ok(limitMbps >= 0.1 && limitMbps <= 100_000);
        for (const flag of Object.values(flags)) assert.equal(flag, true);
      }
    }),
    { numRuns: 500 },
  );
});

test('those of a backup hold beside what is decided here, also after a restart; nonsense decides nothing', async () => {
  const backup = made();
  await backup.decisions.change([V1], { pinned: true });
  const { decisions, kept } = made();
  await decisions.change([OTHER], { limitMbps: 3 });
  assert.equal(decisions.limitOf(V1), undefined);
  assert.equal(await decisions.take(backup.decisions.text), 'kept');
  assert.equal(await decisions.take('{"torrents":{"x":{"pinned":true}}'), 'kept');
  for (const each of [decisions, made(kept.text).decisions])
    assert.deepEqual([each.of(V2), each.of(OTHER)], [{ pinned: true }, { limitMbps: 3 }]);
});
