import { closeFd, receiveInto, sendBytes, waitReadable } from './libc.ts';
import { aligned, attribute, attributes, be32, openNetfilterSocket } from './netlink.ts';

export type Counted = { readonly packets: number; readonly bytes: number };

const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETOBJ = 19;
const NFT_MSG_NEWOBJ = 18;
const NFT_OBJECT_COUNTER = 1;
const NFTA_OBJ = { table: 1, name: 2, type: 3, data: 4 };
const NFTA_COUNTER = { bytes: 1, packets: 2 };
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 1 | 0x300;
const PF_BRIDGE = 7;
const HEADER_BYTES = 20;
/** A dump of a table's few counters fits into one message; more than this is not ours. */
const MAX_MESSAGES = 16;
const ANSWER_MS = 1_000;

/**
 * The named counters of one nftables table of the bridge family. Asked of the kernel directly: libnftables would first read
 * every set with all its elements, which takes the best part of a second when many endpoints are steered.
 */
export class NftCounters {
  readonly #fd = openNetfilterSocket();
  readonly #buffer = Buffer.alloc(1 << 16);
  readonly #request: Buffer;

  constructor(table: string) {
    const body = Buffer.concat([
      attribute(NFTA_OBJ.table, Buffer.from(`${table}\0`)),
      attribute(NFTA_OBJ.type, be32(NFT_OBJECT_COUNTER)),
    ]);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(HEADER_BYTES + body.length, 0);
    header.writeUInt16LE((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETOBJ, 4);
    header.writeUInt16LE(NLM_F_REQUEST_DUMP, 6);
    header[16] = PF_BRIDGE;
    this.#request = Buffer.concat([header, body]);
  }

  /** By name. Throws when the kernel refuses or says nothing. */
  read(): Map<string, Counted> {
    const found = new Map<string, Counted>();
    sendBytes(this.#fd, this.#request);
    for (let i = 0; i < MAX_MESSAGES; i++) {
      waitReadable([this.#fd], ANSWER_MS);
      const n = receiveInto(this.#fd, this.#buffer);
      if (n <= 0) break;
      if (this.#parse(n, found)) return found;
    }
    throw new Error('the kernel does not tell its counters');
  }

  /** True at the end of the dump. */
  #parse(bytes: number, into: Map<string, Counted>): boolean {
    const b = this.#buffer;
    for (let at = 0; at + 16 <= bytes; ) {
      const length = b.readUInt32LE(at);
      if (length < 16 || at + length > bytes) break;
      const type = b.readUInt16LE(at + 4);
      if (type === NLMSG_DONE) return true;
      if (type === NLMSG_ERROR)
        throw new Error(`the kernel does not tell its counters: error ${b.readInt32LE(at + 16)}`);
      if (type === ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWOBJ)) counter(b, at + HEADER_BYTES, at + length, into);
      at += aligned(length);
    }
    return false;
  }

  close(): void {
    closeFd(this.#fd);
  }
}

function counter(b: Buffer, from: number, end: number, into: Map<string, Counted>): void {
  const object = new Map(attributes(b, from, end));
  const [name, data] = [object.get(NFTA_OBJ.name), object.get(NFTA_OBJ.data)];
  if (!name || !data) return;
  const figures = new Map(attributes(data, 0, data.length));
  const figure = (type: number): number => Number(figures.get(type)?.readBigUInt64BE() ?? 0n);
  into.set(name.toString('latin1', 0, name.length - 1), {
    packets: figure(NFTA_COUNTER.packets),
    bytes: figure(NFTA_COUNTER.bytes),
  });
}
