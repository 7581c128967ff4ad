import { looksLikeHandshake } from './handshake.ts';
import type { Side } from './signatures.ts';

/** BEP 29 header, version 1. */
const HEADER_BYTES = 20;
const TYPE = { data: 0, fin: 1, state: 2, reset: 3, syn: 4 } as const;
const MAX_EXTENSIONS = 4;
/** Extensions: 1 selective ACK, 2 legacy bits, 3 close reason. */
const LAST_EXTENSION = 3;
/** How far behind the last packet an acknowledgement may be: a full window of small packets. */
const MAX_BEHIND = 256;
/** Acknowledgements, each a chance of 1 in 2^23, that make a connection without its beginning a certain one. */
const SURE_ACKS = 4;

export type UtpSign = 'utp-syn-state' | 'utp-handshake' | 'utp-acks';

type Header = { type: number; connectionId: number; seq: number; ack: number; payloadAt: number };

function readHeader(b: Buffer): Header | undefined {
  if (b.length < HEADER_BYTES || ((b[0] as number) & 0x0f) !== 1 || (b[0] as number) >> 4 > TYPE.syn) return undefined;
  let extension = b[1] as number;
  let at = HEADER_BYTES;
  for (let count = 0; extension !== 0; count++) {
    if (extension > LAST_EXTENSION || count >= MAX_EXTENSIONS || at + 2 > b.length) return undefined;
    extension = b[at] as number;
    at += 2 + (b[at + 1] as number);
    if (at > b.length) return undefined;
  }
  const type = (b[0] as number) >> 4;
  return {
    type,
    connectionId: b.readUInt16BE(2),
    seq: b.readUInt16BE(16),
    ack: b.readUInt16BE(18),
    payloadAt: at,
  };
}

/**
 * Finds uTP (BEP 29) in a UDP flow. One packet proves little - its fixed bits are four - so it takes a SYN and the STATE
 * that answers it, a BitTorrent handshake inside, or, where the beginning was not seen, several acknowledgements of what
 * the other side sent.
 */
export class UtpFlow {
  readonly #last: { [side in Side]?: Header } = {};
  #acks = 0;

  push(from: Side, payload: Buffer): UtpSign | undefined {
    const header = readHeader(payload);
    if (!header) return undefined;
    const heard = this.#last[from === 'a' ? 'b' : 'a'];
    this.#last[from] = header;
    if (header.type === TYPE.data && looksLikeHandshake(payload.subarray(header.payloadAt)) === 'yes') {
      return 'utp-handshake';
    }
    if (!heard) return undefined;
    if (heard.type === TYPE.syn) {
      const answers = header.type === TYPE.state && header.connectionId === heard.connectionId;
      return answers && header.ack === heard.seq ? 'utp-syn-state' : undefined;
    }
    // The initiator sends with the acceptor's id plus one.
    const idsPair = [1, 0xffff].includes((header.connectionId - heard.connectionId) & 0xffff);
    const behind = (heard.seq - header.ack) & 0xffff;
    this.#acks = idsPair && behind < MAX_BEHIND ? this.#acks + 1 : 0;
    return this.#acks >= SURE_ACKS ? 'utp-acks' : undefined;
  }
}
