import type { Socket } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import type { Ciphers } from '#wire/mse.ts';
import { writeEncrypted } from './encrypted-write.ts';
import type { Meter } from './flow-records.ts';

/** A recognised flow as its task's client connection uses it: bytes in, runs of bytes out, encryption already off. */
export class FlowStream {
  readonly remote: Endpoint;
  readonly encrypted: boolean;
  readonly #socket: Socket;
  readonly #ciphers: Ciphers | undefined;
  readonly #meter: Meter;

  constructor(socket: Socket, remote: Endpoint, ciphers: Ciphers | undefined, meter: Meter) {
    this.#socket = socket;
    this.remote = remote;
    this.#ciphers = ciphers?.method === 'rc4' ? ciphers : undefined;
    this.encrypted = ciphers !== undefined;
    this.#meter = meter;
  }

  onData(listener: (bytes: Buffer) => void): void {
    const ciphers = this.#ciphers;
    const meter = this.#meter;
    this.#socket.on('data', (bytes: Buffer) => {
      meter.upBytes += bytes.length;
      listener(ciphers ? ciphers.decrypt(bytes) : bytes);
    });
    this.#socket.resume();
  }

  onClose(listener: () => void): void {
    this.#socket.once('close', listener);
    // A peer that has ended its side wants nothing more: BitTorrent has no use for half a connection.
    this.#socket.once('end', () => this.#socket.end());
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  /**
   * One writev(2) for all parts. False: wait for drain before writing more. `sent`: nobody reads them any more, sent or not. `taken`: the kernel
   * has them all; of a client that left before that it is not known how many, and none count.
   */
  write(parts: readonly Uint8Array[], sent?: () => void, taken?: () => void): boolean {
    const socket = this.#socket;
    if (!socket.writable) {
      sent?.();
      return false;
    }
    for (const part of parts) this.#meter.downBytes += part.length;
    socket.cork();
    if (this.#ciphers) {
      writeEncrypted(socket, parts, this.#ciphers.encryptInPlace, taken);
      sent?.(); // what the socket has is a copy
    } else writePlain(socket, parts, sent, taken);
    socket.uncork();
    return !socket.writableNeedDrain;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** All parts of one corked write leave in one call, or none does: the last one's end is the end of all. */
function writePlain(socket: Socket, parts: readonly Uint8Array[], sent?: () => void, taken?: () => void): void {
  const last = parts.length - 1;
  const ended = (error?: Error | null): void => {
    sent?.();
    if (!error) taken?.();
  };
  for (const [i, part] of parts.entries()) socket.write(part, i === last && (sent || taken) ? ended : undefined);
}
