import { AF_PACKET, bindSocket, closeFd, interfaceIndex, openSocket, SOCK_RAW, sendBytes } from './libc.ts';
import { linkAddress } from './socket-address.ts';

/**
 * Sends whole Ethernet frames out of one port (packet(7)). Protocol 0: it receives nothing. Used to release frames that
 * were held back: they leave with the very MAC addresses they came with, and the bridge's rules do not see them again.
 */
export class PacketSender {
  readonly #fd: number;

  constructor(port: string) {
    this.#fd = openSocket(AF_PACKET, SOCK_RAW, 0);
    try {
      bindSocket(this.#fd, linkAddress(interfaceIndex(port), 0), port);
    } catch (error) {
      closeFd(this.#fd);
      throw error;
    }
  }

  /** Throws `SysError` when the port is down or the frame too large for it. */
  send(frame: Uint8Array): void {
    sendBytes(this.#fd, frame);
  }

  close(): void {
    closeFd(this.#fd);
  }
}
