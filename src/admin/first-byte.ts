import { createServer, type Server, type Socket } from 'node:net';
import { addressKey } from '#access/address-key.ts';
import { ADMIN_LIMITS } from './limits.ts';

/** The first byte of a TLS connection: a record that holds a handshake (RFC 8446, section 5.1). No HTTP request begins so. */
const HANDSHAKE = 0x16;

/** Where a connection goes on; such a server never listens itself. */
type Onward = { emit(event: 'connection', socket: Socket): boolean };

/**
 * One TCP port for TLS and for whoever forgot it: the first byte decides. A stranger who says nothing, or opens more connections than a
 * browser does, costs a socket for some seconds.
 */
export class FirstByte {
  readonly server: Server;
  readonly #secure: Onward;
  readonly #clear: Onward;
  readonly #sockets = new Set<Socket>();
  readonly #bySender = new Map<string, number>();

  constructor(secure: Onward, clear: Onward) {
    this.#secure = secure;
    this.#clear = clear;
    this.server = createServer({ noDelay: true }, (socket) => this.#greet(socket));
    this.server.maxConnections = ADMIN_LIMITS.connections;
  }

  /** Ends every connection, whatever it was doing. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #greet(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (!this.#admit(socket)) return void socket.destroy();
    const late = setTimeout(() => socket.destroy(), ADMIN_LIMITS.firstByteMs);
    socket.once('close', () => clearTimeout(late));
    socket.once('readable', () => {
      clearTimeout(late);
      const begun: Buffer | null = socket.read();
      // The other side left without a word.
      if (begun === null) return void socket.destroy();
      socket.unshift(begun);
      (begun[0] === HANDSHAKE ? this.#secure : this.#clear).emit('connection', socket);
    });
  }

  #admit(socket: Socket): boolean {
    const sender = addressKey(socket.remoteAddress ?? '');
    const open = this.#bySender.get(sender) ?? 0;
    if (open >= ADMIN_LIMITS.connectionsPerSender) return false;
    this.#bySender.set(sender, open + 1);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#bySender.get(sender) ?? 1) - 1;
      if (left > 0) this.#bySender.set(sender, left);
      else this.#bySender.delete(sender);
    });
    return true;
  }
}
