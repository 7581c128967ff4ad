import raw from 'raw-socket';
import type { Endpoint } from '#base/endpoint.ts';
import { SO_MARK, SOL_SOCKET } from './libc.ts';
import { ipBytes } from './socket-address.ts';

/** Packets with this mark leave through the LAN port with the client's MAC addresses (the bridge script's ip rule 101). */
const MARK_TO_LAN = 0x100;
const IP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const TTL = 64;
/** Datagrams waiting for the socket; beyond it they are not sent. */
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
 * Sends a LAN client datagrams that carry a remote endpoint as their source, through a raw socket with its own IP header
 * (raw(7), IP_HDRINCL). IPv4 only: raw IPv6 sockets take no header of ours. It never receives: frames on the bridge do
 * not reach raw sockets, the tap reads those.
 */
export class UdpForger {
  readonly #socket = raw.createSocket({ protocol: raw.Protocol.UDP });
  #waiting = 0;

  constructor() {
    this.#socket.pauseRecv();
    this.#socket.on('error', () => {}); // told to the sender's callback too
    this.#socket.setOption(raw.SocketLevel.IPPROTO_IP, raw.SocketOption.IP_HDRINCL, 1);
    this.#socket.setOption(SOL_SOCKET, SO_MARK, MARK_TO_LAN);
  }

  /** `onSent` learns the error, if any. */
  send(from: Endpoint, to: Endpoint, payload: Uint8Array, onSent: (error: Error | null) => void): void {
    if (this.#waiting >= QUEUE) {
      onSent(new Error(`${QUEUE} forged datagrams are waiting already`));
      return;
    }
    const packet = udpPacket(from, to, payload);
    this.#waiting++;
    this.#socket.send(packet, 0, packet.length, to.ip, (error) => {
      this.#waiting--;
      onSent(error);
    });
  }

  close(): void {
    this.#socket.close();
  }
}
