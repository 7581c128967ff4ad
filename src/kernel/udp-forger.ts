import raw, { type Socket } from 'raw-socket';
import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import { markToLan } from './lane.ts';
import { closeAllOnExec, SO_MARK, SOL_SOCKET } from './libc.ts';
import { ipBytes } from './socket-address.ts';

const IP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const TTL = 64;
/** Datagrams waiting for a socket; beyond it they are not sent. */
const QUEUE = 256;

/** One IPv4 packet with a UDP datagram in it, both checksums filled in (RFC 791, RFC 768). */
export function udpPacket(from: Endpoint, to: Endpoint, payload: Uint8Array): Buffer {
  const udpBytes = UDP_HEADER_BYTES + payload.length;
  const packet = Buffer.alloc(IP_HEADER_BYTES + udpBytes);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = TTL;
  packet[9] = raw.Protocol.UDP;
  ipBytes(from.ip).copy(packet, 12);
  ipBytes(to.ip).copy(packet, 16);
  packet.writeUInt16BE(raw.createChecksum(packet.subarray(0, IP_HEADER_BYTES)), 10);
  const udp = packet.subarray(IP_HEADER_BYTES);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(udpBytes, 4);
  udp.set(payload, UDP_HEADER_BYTES);
  const pseudo = Buffer.alloc(12);
  packet.copy(pseudo, 0, 12, 20);
  pseudo[9] = raw.Protocol.UDP;
  pseudo.writeUInt16BE(udpBytes, 10);
  udp.writeUInt16BE(raw.createChecksum(pseudo, udp) || 0xffff, 6);
  return packet;
}

/**
 * Sends LAN clients datagrams that carry a remote endpoint as their source, through raw sockets with their own IP header
 * (raw(7), IP_HDRINCL), one for the untagged network and one for each VLAN. IPv4 only: raw IPv6 sockets take no header of
 * ours. It never receives: frames on the bridge do not reach raw sockets, the tap reads those.
 */
export class UdpForger {
  readonly #sockets: ReadonlyMap<number | undefined, Socket>;
  #waiting = 0;

  constructor(vlans: readonly number[] = []) {
    this.#sockets = new Map([undefined, ...vlans].map((vlan) => [vlan, forgingSocket(markToLan(vlan))]));
    closeAllOnExec();
  }

  /** `onSent` learns the error, if any. */
  send(from: Endpoint, to: LanEndpoint, payload: Uint8Array, onSent: (error: Error | null) => void): void {
    const socket = this.#sockets.get(to.vlan);
    if (!socket) {
      onSent(new Error(`VLAN ${to.vlan} is not served`));
      return;
    }
    if (this.#waiting >= QUEUE) {
      onSent(new Error(`${QUEUE} forged datagrams are waiting already`));
      return;
    }
    const packet = udpPacket(from, to, payload);
    this.#waiting++;
    socket.send(packet, 0, packet.length, to.ip, (error) => {
      this.#waiting--;
      onSent(error);
    });
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }
}

function forgingSocket(mark: number): Socket {
  const socket = raw.createSocket({ protocol: raw.Protocol.UDP });
  socket.pauseRecv();
  socket.on('error', () => {}); // told to the sender's callback too
  socket.setOption(raw.SocketLevel.IPPROTO_IP, raw.SocketOption.IP_HDRINCL, 1);
  socket.setOption(SOL_SOCKET, SO_MARK, mark);
  return socket;
}
