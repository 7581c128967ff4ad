import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import type { InfoHash } from '#base/units.ts';
import { madeTorrent } from '#wire/made-torrent.ts';
import { at, GB, NIGHT, PrefillBench } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import { type Sent, understand } from './new-order.ts';
import type { Ordered } from './prefill.ts';

const hash = (digit: string): InfoHash => digit.repeat(40) as InfoHash;
const torrent = madeTorrent('v1', [{ path: ['补丁.bin'], bytes: Buffer.alloc(40_000, 7) }]);
const base64 = Buffer.from(torrent.torrentFile).toString('base64');

function order(bench: PrefillBench, sent: Sent, when: 'now' | 'window' = 'window'): Ordered {
  const read = understand(sent);
  assert.ok(read.kind === 'ok', JSON.stringify(read));
  return bench.prefill.order(read.wanted, when);
}

async function bench(t: TestContext): Promise<PrefillBench> {
  const made = new PrefillBench(t, NIGHT);
  await made.prefill.look();
  return made;
}

test('what is ordered now is fetched by day, what is ordered for the night waits for it', async (t) => {
  const box = await bench(t);
  assert.deepEqual(order(box, { link: hash('a') }), {
    kind: 'ordered',
    infoHash: hash('a'),
    name: '',
    already: false,
  });
  order(box, { link: `magnet:?xt=urn:btih:${hash('b')}&dn=%E7%89%87` }, 'now');
  assert.deepEqual(box.fetching(), ['b']);
  assert.deepEqual(box.whys(), [
    ['b', 'prefill'],
    ['a', 'window-shut'],
  ]);
  box.box.held = 'day-used-up';
  await box.pass(2_000);
  assert.deepEqual(box.fetching(), [], 'now does not mean whatever it costs');
  box.box.held = undefined;
  await box.goTo(at(2, 0, 2));
  assert.deepEqual(box.fetching().toSorted(), ['a', 'b']);
});

test('an order that is there already says so, and keeps its place', async (t) => {
  const box = await bench(t);
  order(box, { link: hash('a') });
  order(box, { link: hash('b') });
  const again = order(box, { link: hash('a') });
  assert.ok(again.kind === 'ordered' && again.already);
  assert.deepEqual(
    box.whys().map(([digit]) => digit),
    ['a', 'b'],
  );
  box.whole.add(hash('c'));
  const whole = order(box, { link: hash('c') });
  assert.ok(whole.kind === 'ordered' && whole.already);
});

test('an order is moved to the front, which sends another away if need be, made urgent, and taken back', async (t) => {
  const box = await bench(t);
  for (const digit of 'abc') order(box, { link: hash(digit) });
  await box.goTo(at(2, 0, 2));
  assert.deepEqual(box.fetching(), ['a', 'b']);
  assert.equal(box.prefill.move(hash('c'), 'front'), 'done');
  assert.deepEqual(box.fetching().toSorted(), ['a', 'c']);
  await box.goTo(at(8, 0, 2));
  assert.deepEqual(box.fetching(), []);
  assert.equal(box.prefill.move(hash('b'), 'now'), 'done');
  assert.deepEqual(box.fetching(), ['b']);
  assert.equal(box.prefill.view().orders[0]?.now, true);
  box.restart();
  await box.pass(2_000);
  assert.deepEqual(box.fetching(), ['b'], 'that it is urgent outlives the process');
  assert.equal(box.prefill.remove(hash('b')), 'done');
  assert.deepEqual(box.fetching(), []);
  assert.equal(box.prefill.remove(hash('b')), 'unknown');
  assert.equal(box.prefill.move(hash('b'), 'now'), 'unknown');
  assert.deepEqual(box.prefill.ordered(), [hash('c'), hash('a')]);
});

test('what cannot be written is as if it had not been said', async (t) => {
  const box = await bench(t);
  order(box, { link: hash('a') });
  order(box, { link: hash('b') });
  box.box.writes = false;
  assert.equal(order(box, { link: hash('c') }, 'now').kind, 'later');
  assert.equal(box.prefill.move(hash('b'), 'front'), 'not-kept');
  assert.equal(box.prefill.remove(hash('a')), 'not-kept');
  assert.deepEqual(box.prefill.ordered(), [hash('a'), hash('b')]);
  assert.deepEqual(box.fetching(), []);
});

test('a refusal has a code and words', async (t) => {
  const box = await bench(t);
  const code = (sent: Sent): string => {
    const refused = order(box, sent);
    assert.ok(refused.kind === 'refused' && refused.why.length > 0);
    return refused.code;
  };
  box.box.refusal = 'private';
  assert.equal(code({ torrent: base64 }), 'private');
  box.box.refusal = undefined;
  box.box.room = { largest: 1_000, all: 1_000 };
  assert.equal(code({ torrent: base64 }), 'too-large');
  box.box.room = { largest: GB, all: GB };
  assert.equal(code({ link: `qvod://1000|${hash('A')}|片.rmvb|` }), 'no-origin');
  box.box.twin = hash('e');
  const known = order(box, { link: `qvod://1000|${hash('A')}|片.rmvb|` });
  assert.deepEqual(known, { kind: 'ordered', infoHash: hash('e'), name: '片.rmvb', already: false });
  for (let i = 0; i < LIMITS.waiting; i++) order(box, { link: i.toString(16).padStart(40, '0') });
  const full = order(box, { link: hash('d') });
  assert.ok(full.kind === 'later' && full.full);
});

test('a torrent file is read; what is none, or sent with a link, or not at all, is told so', () => {
  const read = understand({ torrent: base64 });
  assert.ok(read.kind === 'ok' && read.wanted.meta?.totalBytes === 40_000);
  const codes = (sent: Sent): string => {
    const bad = understand(sent);
    return bad.kind === 'bad' ? bad.code : 'ok';
  };
  assert.equal(codes({ torrent: 'AAAA' }), 'not-a-torrent');
  assert.equal(codes({ torrent: '' }), 'not-a-torrent');
  assert.equal(codes({ torrent: 'A'.repeat(Math.ceil((LIMITS.torrentBytes * 4) / 3) + 8) }), 'too-large');
  assert.equal(codes({}), 'not-a-link');
  assert.equal(codes({ link: hash('a'), torrent: base64 }), 'not-a-link');
  for (const link of [
    '',
    'http://example.org/a.torrent',
    'qvod://',
    'qvod://0|aa|',
    'bdhd://x',
    `${hash('a')}0`,
    `magnet:?xt=urn:btih:${hash('a')}&dn=${'x'.repeat(9_000)}`,
  ])
    assert.equal(codes({ link }), 'not-a-link', link.slice(0, 40));
});

test('whatever is sent, it is understood or refused', () => {
  const links = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 400 }),
    fc
      .tuple(fc.constantFrom('magnet:?xt=urn:btih:', 'qvod://', 'thunder://', ''), fc.string({ maxLength: 200 }))
      .map((p) => p.join('')),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.nat(torrent.torrentFile.length - 1), fc.nat(255)).map(([i, byte]) => {
      const spoilt = Buffer.from(torrent.torrentFile);
      spoilt[i] = byte;
      return spoilt;
    }),
  );
  const files = fc.oneof(
    fc.string({ maxLength: 200 }),
    bytes.map((b) => Buffer.from(b).toString('base64')),
  );
  fc.assert(
    fc.property(fc.record({ link: links, torrent: files }, { requiredKeys: [] }), (sent) => {
      const read = understand(sent);
      if (read.kind === 'ok') assert.ok(read.wanted.ids.length > 0);
      else assert.ok(read.why.length > 0);
    }),
    { numRuns: 500 },
  );
});
