import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { encodeLsd, LSD_BATCH, LSD_GROUP, LSD_PORT, type Lsd } from '#wire/lsd.ts';
import { type BridgeAddress, bindable } from './bridge-addresses.ts';
import { LIMITS } from './limits.ts';

/** BEP 14 leaves it open; nobody beyond the link can dial the box. */
const TTL = 1;

/**
 * One address of the box: where it takes its neighbours' connections, and tells them so. It listens at the address and
 * not at all of them: a socket at 0.0.0.0 would keep the box from dialling in the name of a client with that port.
 */
export class LocalAddress {
  readonly address: BridgeAddress;
  readonly #server: Server;
  readonly #udp: UdpSocket;
  readonly #onTrouble: (error: Error) => void;

  private constructor(address: BridgeAddress, server: Server, udp: UdpSocket, onTrouble: (error: Error) => void) {
    this.address = address;
    this.#server = server;
    this.#udp = udp;
    this.#onTrouble = onTrouble;
  }

  /** Rejects when the address or the port is not to be had (yet). */
  static async open(
    address: BridgeAddress,
    port: number,
    onSocket: (socket: Socket) => void,
    onTrouble: (error: Error) => void,
  ): Promise<LocalAddress> {
    const host = bindable(address);
    const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
    server.maxConnections = LIMITS.localClients;
    server.listen({ host, port, ipv6Only: address.family === 6 });
    await once(server, 'listening');
    server.on('error', onTrouble);
    const udp = createSocket({ type: address.family === 6 ? 'udp6' : 'udp4', ipv6Only: address.family === 6 });
    try {
      udp.bind({ address: host, port: 0 });
      await once(udp, 'listening');
      udp.setMulticastInterface(address.family === 6 ? `::%${address.device}` : address.ip);
      udp.setMulticastTTL(TTL);
      udp.setMulticastLoopback(false);
    } catch (error) {
      server.close();
      udp.close();
      throw error;
    }
    udp.on('error', onTrouble).unref();
    return new LocalAddress(address, server, udp, onTrouble);
  }

  /** Multicasts on this address's network alone. */
  announce({ infoHashes, ...who }: Lsd): void {
    for (let at = 0; at < infoHashes.length; at += LSD_BATCH) {
      const datagram = encodeLsd(this.address.family, { ...who, infoHashes: infoHashes.slice(at, at + LSD_BATCH) });
      this.#udp.send(datagram, LSD_PORT, LSD_GROUP[this.address.family], (error) => {
        if (error) this.#onTrouble(error);
      });
    }
  }

  /** Takes no more connections; those that are open go on. */
  close(): void {
    this.#server.close();
    this.#udp.close();
  }
}
