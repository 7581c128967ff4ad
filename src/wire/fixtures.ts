import assert from 'node:assert/strict';
import { env } from 'node:process';
import type { InfoHash } from '#base/units.ts';
import { encodeExtendedHandshake } from './extended.ts';
import type { Message } from './frames.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from './frames.ts';
import { encodeHandshake, newPeerId } from './handshake.ts';
import type { OriginHandler } from './origin-wire.ts';
import { OriginWire } from './origin-wire.ts';

/** How many strangers' inputs each fuzz test tries; `FUZZ_RUNS` raises it. */
export const fuzzRuns = Number(env.FUZZ_RUNS ?? 2000);

/** A made-up torrent: twenty times the same byte. */
export const hashOfByte = (byte: number): InfoHash => Buffer.alloc(20, byte).toString('hex') as InfoHash;

/** Cuts `bytes` at the given places, so that a test can feed them in pieces of any size. */
export function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? bytes.length);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** The torrent of `Peer`. */
export const HASH = hashOfByte(0xaa);
/** The package's streams hand on in microtasks. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An OriginWire, and a peer at its other end that speaks through our own codec. */
export class Peer {
  readonly heard: unknown[][] = [];
  readonly peerId = newPeerId();
  readonly wire: OriginWire;
  sentBytes = 0;
  #sent = Buffer.alloc(0);

  constructor(o: { pex?: boolean } = {}) {
    const note =
      (name: string) =>
      (...args: unknown[]): void =>
        // What is told of a block is valid only during the call.
        void this.heard.push([name, ...args.map((arg) => (arg instanceof Buffer ? Buffer.from(arg) : arg))]);
    const names = [
      'onQueue',
      'onMetadataSize',
      'onPeers',
      'onMetadata',
      'onMetadataReject',
      'onHashes',
      'onHashReject',
      'onBitfield',
      'onHaveAll',
      'onHave',
      'onChoke',
      'onUnchoke',
      'onBlock',
      'onReject',
      'onClosed',
      'onHandshake',
    ];
    const handler = Object.fromEntries(names.map((name) => [name, note(name)])) as unknown as OriginHandler;
    const send = (bytes: Uint8Array): void => {
      this.sentBytes += bytes.length;
      this.#sent = Buffer.concat([this.#sent, bytes]);
    };
    this.wire = new OriginWire({ infoHash: HASH, peerId: newPeerId(), send, handler, ...o });
  }

  say(...messages: Message[]): void {
    this.wire.receive(Buffer.concat(messages.map(encodeMessage)));
  }

  hands(o: { infoHash?: InfoHash; fast?: boolean } = {}): Buffer {
    return encodeHandshake({ infoHash: HASH, peerId: this.peerId, extended: true, fast: true, ...o });
  }

  /** What it sent since it was last asked. */
  async sent(): Promise<Buffer> {
    await turn();
    const bytes = this.#sent;
    this.#sent = Buffer.alloc(0);
    return bytes;
  }

  async messages(): Promise<Message[]> {
    const seen: Message[] = [];
    new FrameSplitter(1 << 20).push(await this.sent(), (frame) => {
      const m = decodeMessage(frame);
      assert.ok(m.kind === 'ok');
      seen.push(m.value);
    });
    return seen;
  }

  async calls(): Promise<unknown[][]> {
    await turn();
    return this.heard.splice(0);
  }
}

export async function connected(o: { fast?: boolean; pex?: boolean } = {}): Promise<Peer> {
  const { pex = false, ...hands } = o;
  const peer = new Peer({ pex });
  await peer.sent();
  peer.wire.receive(peer.hands(hands));
  peer.say(
    { kind: 'extended', id: 0, payload: encodeExtendedHandshake({ utMetadataId: 3, metadataSize: 20_000 }) },
    { kind: 'unchoke' },
  );
  await peer.sent();
  await peer.calls();
  return peer;
}
