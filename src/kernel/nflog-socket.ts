import { closeFd, receiveInto, SO_RCVBUFFORCE, SOL_SOCKET, sendBytes, setOption, waitReadable } from './libc.ts';
import { aligned, attribute, attributes, be32, openNetfilterSocket } from './netlink.ts';

/** What a `log prefix "…" group N` rule of nftables hands to user space. The buffers are valid inside the callback only. */
export type LoggedPacket = {
  readonly prefix: string;
  /** Link-layer header as it was on the wire, its 802.1Q tag included; empty when the kernel has none. */
  readonly link: Buffer;
  /** The tag's VLAN id; undefined without a tag. */
  readonly vlan: number | undefined;
  /** From the network header on. May be larger than the MTU (GRO) and carry a partial checksum. */
  readonly packet: Buffer;
};

const NFNL_SUBSYS_ULOG = 4;
const NFULNL_MSG_PACKET = 0;
const NFULNL_MSG_CONFIG = 1;
const NFULA_CFG = { cmd: 1, mode: 2, nlbufsiz: 3, timeout: 4, qthresh: 5 };
const NFULNL_CFG_CMD_BIND = 1;
const NFULNL_COPY_PACKET = 2;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;
const NFULA_HWHEADER = 16;
/** Nested: the tag that the kernel took out of the frame before anybody saw it. */
const NFULA_VLAN = 20;
const NFULA_VLAN_PROTO = 1;
const NFULA_VLAN_TCI = 2;
const NLM_F_REQUEST_ACK = 1 | 4;

const LIMITS = {
  /** Bytes of unread packets that the kernel keeps for us before it drops. */
  receiveBufferBytes: 8 << 20,
  /** One netlink message never exceeds this: 64 KiB of packet and its attributes. */
  messageBytes: 1 << 18,
  /** Messages read in one go before other work gets its turn. */
  messagesPerRead: 256,
};

function configMessage(group: number, ...attributes: Buffer[]): Buffer {
  const body = Buffer.concat(attributes);
  const header = Buffer.alloc(20);
  header.writeUInt32LE(20 + body.length, 0);
  header.writeUInt16LE((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG, 4);
  header.writeUInt16LE(NLM_F_REQUEST_ACK, 6);
  header.writeUInt16BE(group, 18);
  return Buffer.concat([header, body]);
}

/** The four bytes of the tag as they were on the wire: TPID and TCI. */
function vlanTag(nested: Buffer): Buffer | undefined {
  const found = new Map(attributes(nested, 0, nested.length));
  const [protocol, control] = [found.get(NFULA_VLAN_PROTO), found.get(NFULA_VLAN_TCI)];
  return protocol?.length === 2 && control?.length === 2 ? Buffer.concat([protocol, control]) : undefined;
}

/** Puts a tag back behind the two MAC addresses. */
const tagged = (link: Buffer, tag: Buffer): Buffer =>
  link.length < 12 ? link : Buffer.concat([link.subarray(0, 12), tag, link.subarray(12)]);

/** One NFLOG group. Every packet is delivered at once (threshold 1): a held packet must not wait for company. */
export class NflogSocket {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(LIMITS.messageBytes);
  /** How often the kernel reported that packets were lost because we read too slowly. */
  overruns = 0;

  constructor(group: number) {
    this.fd = openNetfilterSocket();
    try {
      setOption(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, LIMITS.receiveBufferBytes);
      const mode = Buffer.alloc(6);
      mode.writeUInt32BE(0xffff);
      mode[4] = NFULNL_COPY_PACKET;
      for (const option of [
        attribute(NFULA_CFG.cmd, Buffer.of(NFULNL_CFG_CMD_BIND)),
        attribute(NFULA_CFG.mode, mode),
        attribute(NFULA_CFG.nlbufsiz, be32(LIMITS.messageBytes / 2)),
        attribute(NFULA_CFG.timeout, be32(1)),
        attribute(NFULA_CFG.qthresh, be32(1)),
      ])
        this.#configure(configMessage(group, option), group);
    } catch (error) {
      closeFd(this.fd);
      throw error;
    }
  }

  #configure(message: Buffer, group: number): void {
    sendBytes(this.fd, message);
    waitReadable([this.fd], 1000);
    const n = receiveInto(this.fd, this.#buffer);
    const error = n >= 20 ? this.#buffer.readInt32LE(16) : -1;
    if (error !== 0)
      throw new Error(`NFLOG group ${group} cannot be had: error ${error} (is another program using it?)`);
  }

  /** Hands over what waits, up to a bound; returns how many packets that was. */
  read(onPacket: (p: LoggedPacket) => void): number {
    let packets = 0;
    for (let i = 0; i < LIMITS.messagesPerRead; i++) {
      const n = receiveInto(this.fd, this.#buffer);
      if (n === 0) break;
      if (n < 0) {
        this.overruns++;
        continue;
      }
      packets += this.#parse(n, onPacket);
    }
    return packets;
  }

  #parse(bytes: number, onPacket: (p: LoggedPacket) => void): number {
    const b = this.#buffer;
    let packets = 0;
    for (let at = 0; at + 20 <= bytes; ) {
      const length = b.readUInt32LE(at);
      if (length < 20 || at + length > bytes) break;
      if (b.readUInt16LE(at + 4) === ((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET)) {
        const p = this.#packet(at + 20, at + length);
        if (p) {
          onPacket(p);
          packets++;
        }
      }
      at += aligned(length);
    }
    return packets;
  }

  #packet(from: number, end: number): LoggedPacket | undefined {
    const b = this.#buffer;
    let prefix = '';
    let link: Buffer = b.subarray(0, 0);
    let packet: Buffer | undefined;
    let tag: Buffer | undefined;
    for (const [type, body] of attributes(b, from, end)) {
      if (type === NFULA_PAYLOAD) packet = body;
      else if (type === NFULA_HWHEADER) link = body;
      else if (type === NFULA_PREFIX) prefix = body.toString('latin1', 0, Math.max(0, body.length - 1));
      else if (type === NFULA_VLAN) tag = vlanTag(body);
    }
    if (!packet) return undefined;
    if (!tag) return { prefix, link, packet, vlan: undefined };
    const vlan = tag.readUInt16BE(2) & 0xfff;
    return { prefix, link: tagged(link, tag), packet, vlan };
  }

  close(): void {
    closeFd(this.fd);
  }
}
