/**
 * A small distribution in one message, in the inbox for bulk: the offer, and behind it the bytes of all its files, end to end. Nothing is answered before it is whole,
 * and whoever has not got it after a while is offered it as anything else: so it need not be kept by the broker.
 */
import { KIB, MIB } from '#base/units.ts';
import { bad, ok, type Parsed } from '#wire/parsed.ts';
import { CONTENT_TYPE, type DownMessage, decodeDown, encodeDown } from './messages.ts';

export const PARCEL_TYPE = 'parcel';
/** Bytes of the files, and of the offer: more waits until somebody has said that he has room. */
export const PARCEL_BYTES = MIB;
export const PARCEL_OFFER_BYTES = 256 * KIB;

export type Offer = Extract<DownMessage, { readonly kind: 'offer' }>;

/** `headers.offer`: where the offer ends in the body. `bytes`: what is behind it, to be filled by whoever packs it. */
export type PackedParcel = {
  readonly headers: { readonly offer: number };
  readonly body: Buffer;
  readonly bytes: Buffer;
};

/** For so many bytes of files. Undefined: it is no small one. */
export function packParcel(offer: Offer, sizeBytes: number): PackedParcel | undefined {
  const { body: said } = encodeDown(offer);
  if (offer.seed === undefined || said.length > PARCEL_OFFER_BYTES || sizeBytes > PARCEL_BYTES) return undefined;
  const body = Buffer.allocUnsafeSlow(said.length + sizeBytes);
  said.copy(body);
  return { headers: { offer: said.length }, body, bytes: body.subarray(said.length) };
}

/** Nothing of it is verified. `bytes`: a view of the body. */
export function openParcel(
  headers: Readonly<Record<string, unknown>> | undefined,
  body: Buffer,
): Parsed<{ readonly offer: Offer; readonly bytes: Buffer }> {
  const end = Number(headers?.offer);
  if (!Number.isSafeInteger(end) || end < 1 || end > PARCEL_OFFER_BYTES || end >= body.length)
    return bad('it does not say where its offer ends');
  const read = decodeDown({ type: 'offer', contentType: CONTENT_TYPE, body: body.subarray(0, end) });
  if (read.kind !== 'ok') return bad(read.why);
  const offer = read.value as Offer;
  return offer.seed === undefined ? bad('it has no seed') : ok({ offer, bytes: body.subarray(end) });
}
