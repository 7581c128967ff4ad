// The part of bittorrent-protocol 5.0.9 that origin-wire.ts uses; the package ships no types.
declare module 'bittorrent-protocol' {
  import type { Duplex } from 'node:stream';

  export interface WireExtension {
    onHandshake?(infoHash: string, peerId: string, extensions: Record<string, boolean>): void;
    onExtendedHandshake?(handshake: { metadata_size?: number }): void;
    onMessage?(payload: Uint8Array): void;
  }

  interface WireEvents {
    handshake: [infoHash: string, peerId: string, extensions: { dht: boolean; fast: boolean; extended: boolean }];
    bitfield: [bits: { readonly buffer: Uint8Array }];
    'have-all': [];
    have: [piece: number];
    choke: [];
    unchoke: [];
    data: [bytes: Uint8Array];
    finish: [];
    close: [];
    error: [error: Error];
    'crypto-handshake': [];
    'crypto-infohash': [req2Hex: string];
    unknownmessage: [frame: Uint8Array];
    request: [piece: number, begin: number, length: number, respond: (error: Error | null, data?: Uint8Array) => void];
  }

  export default class Wire {
    constructor(type?: string, encryption?: 0 | 1 | 2);
    readonly requests: readonly unknown[];
    readonly peerRequests: readonly unknown[];
    extendedHandshake: Record<string, unknown>;
    use(extension: new (wire: Wire) => WireExtension): void;
    handshake(infoHash: string, peerId: Uint8Array, extensions?: { fast?: boolean; dht?: boolean }): void;
    startEncryption(infoHash: string): void;
    setInfoHash(infoHash: string): void;
    interested(): void;
    uninterested(): void;
    unchoke(): void;
    keepAlive(): void;
    request(
      piece: number,
      begin: number,
      length: number,
      done: (error: Error | null, data?: Uint8Array | null) => void,
    ): void;
    cancel(piece: number, begin: number, length: number): void;
    extended(extension: string | number, payload: Uint8Array): void;
    write(bytes: Uint8Array): boolean;
    end(): void;
    destroy(): void;
    pipe: Duplex['pipe'];
    on<E extends keyof WireEvents>(event: E, listener: (...args: WireEvents[E]) => void): this;
    once<E extends keyof WireEvents>(event: E, listener: (...args: WireEvents[E]) => void): this;
  }
}
