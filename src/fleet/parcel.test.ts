import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Offer, openParcel, PARCEL_BYTES, packParcel } from './parcel.ts';

const offer: Offer = {
  kind: 'offer',
  id: 'a'.repeat(64),
  manifest: 'e30=',
  signature: 'AAAA',
  way: 'inline',
  seed: 'ZGU=',
};

test('what was packed is opened', () => {
  const packed = packParcel(offer, 5);
  assert.ok(packed);
  packed.bytes.set(Buffer.from('bytes'));
  const opened = openParcel(packed.headers, packed.body);
  assert.ok(opened.kind === 'ok');
  assert.deepEqual(opened.value.offer, offer);
  assert.equal(opened.value.bytes.toString(), 'bytes');
});

test('what is large, and what has no seed with it, is no parcel', () => {
  assert.ok(packParcel(offer, PARCEL_BYTES));
  assert.equal(packParcel(offer, PARCEL_BYTES + 1), undefined);
  const { seed: _, ...unseeded } = offer;
  assert.equal(packParcel(unseeded, 5), undefined);
});

test('what a stranger packs is refused, or an offer', () => {
  const packed = packParcel(offer, 5);
  assert.ok(packed);
  const { body, headers } = packed;
  for (const end of [0, -1, 1.5, body.length, headers.offer - 1, 1e9, Number.NaN, 'x', undefined])
    assert.equal(openParcel({ offer: end }, body).kind, 'bad', String(end));
  assert.equal(openParcel(undefined, body).kind, 'bad');
  const any = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(any, fc.integer({ min: -5, max: 300 }), (bytes, end) => {
      assert.equal(openParcel({ offer: end }, Buffer.from(bytes)).kind, 'bad');
    }),
  );
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), (at, value) => {
      const hurt = Buffer.from(body);
      hurt[at] = value;
      const opened = openParcel(headers, hurt);
      assert.ok(opened.kind === 'bad' || opened.value.bytes.length === 5);
    }),
  );
});
