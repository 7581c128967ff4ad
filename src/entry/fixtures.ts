import type { Endpoint } from '#base/endpoint.ts';
import type { IpPacket } from '#wire/ip-packet.ts';

export const client: Endpoint = { ip: '192.168.77.11', port: 40_000 };
export const tracker: Endpoint = { ip: '198.51.100.10', port: 6969 };

export const tcp = (from: Endpoint, to: Endpoint, payload: Buffer | string, seq = 0): IpPacket => ({
  version: 4,
  proto: 'tcp',
  src: from.ip,
  dst: to.ip,
  srcPort: from.port,
  dstPort: to.port,
  payload: Buffer.from(payload as string, 'latin1'),
  tcp: { seq, flags: 0x18 },
});

export const udp = (from: Endpoint, to: Endpoint, payload: Buffer): IpPacket => {
  const { tcp: _, ...packet } = tcp(from, to, '');
  return { ...packet, proto: 'udp', payload };
};

export const hash = Buffer.from('0123456789abcdef0123456789abcdef01234567', 'hex');
const escaped = [...hash].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
export const announceRequest = (extra = '&left=1000&event=started'): string =>
  `GET /announce?info_hash=${escaped}&peer_id=-XX0000-123456789012&port=51413${extra} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n`;

/** An HTTP tracker's whole answer naming `peers` in compact form (BEP 23). */
export const announceAnswer = (peers: readonly Endpoint[]): Buffer => {
  const compact = Buffer.concat(
    peers.map(({ ip, port }) => Buffer.from([...ip.split('.').map(Number), port >> 8, port & 255])),
  );
  const body = Buffer.concat([Buffer.from(`d8:intervali60e5:peers${compact.length}:`), compact, Buffer.from('e')]);
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
};
