import { beginsWith } from './handshake.ts';

/**
 * Microsoft Delivery Optimization, which spreads Windows updates among PCs: TCP 7680, a handshake of 75 bytes that begins
 * so, then BitTorrent's framing over another identity of 32 bytes. Source: Wireshark packet-ms-do.c and Arkime's
 * classifier; not seen in a capture here. It is no BitTorrent and works well alone: recognised, to be left alone.
 */
export const DELIVERY_NAME: Buffer = Buffer.from('\x0eSwarm protocol', 'latin1');

export const looksLikeDelivery = (head: Uint8Array): 'yes' | 'no' | 'maybe' => beginsWith(head, DELIVERY_NAME);
