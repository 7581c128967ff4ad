import type { Endpoint } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { infoHashOf } from '#base/units.ts';
import { asBytes, asDict, asInt, asList, asText, type BDict, type BValue, decodePrefix } from './bencode.ts';
import { compactPeers } from './compact-peers.ts';
import { ipv4Text, ipv6Text } from './ip-text.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** A node of the DHT as an answer names it (BEP 5 "compact node info", BEP 32 for IPv6). */
export type KrpcNode = { readonly id: Buffer; readonly endpoint: Endpoint };

/** One datagram of the DHT (BEP 5, 32). `transactionId` and `token` are the sender's own bytes, to be given back as they came. */
export type Krpc =
  | {
      readonly kind: 'query';
      readonly transactionId: Buffer;
      readonly method: string;
      readonly id: Buffer;
      /** Of get_peers and announce_peer. */
      readonly infoHash?: InfoHash;
      /** Of find_node. */
      readonly target?: Buffer;
      /** Of announce_peer: where the sender takes connections; undefined when it means the port it sent from. */
      readonly port?: number;
      readonly token?: Buffer;
      /** BEP 43: the sender answers nothing and wants no place in anybody's table. */
      readonly readOnly: boolean;
    }
  | {
      readonly kind: 'response';
      readonly transactionId: Buffer;
      readonly id?: Buffer;
      /** `values`: peers of the torrent that was asked for, of either family. */
      readonly peers: readonly Endpoint[];
      readonly nodes: readonly KrpcNode[];
      readonly token?: Buffer;
    }
  | { readonly kind: 'error'; readonly transactionId: Buffer; readonly code: number };

const ID_BYTES = 20;
const NODE_BYTES = { 4: ID_BYTES + 6, 6: ID_BYTES + 18 } as const;
const PEER_BYTES = { 4: 6, 6: 18 } as const;

/** Reads a datagram as leniently as clients write them: keys in any order, unknown keys, bytes after the end. */
export function parseKrpc(datagram: Uint8Array): Parsed<Krpc> {
  if (datagram.length > WIRE_LIMITS.krpcBytes) return bad('longer than any DHT message');
  const limits = { keys: 'any-order', weight: WIRE_LIMITS.krpcWeight, depth: WIRE_LIMITS.krpcDepth } as const;
  const read = decodePrefix(datagram, limits);
  if (read.kind === 'bad') return read;
  const message = asDict(read.value.value);
  const transactionId = bytesUpTo(message?.get('t'), WIRE_LIMITS.krpcTransactionBytes);
  if (!message || !transactionId) return bad('a DHT message has a transaction id');
  const type = asText(message.get('y'));
  if (type === 'q') return query(message, transactionId);
  if (type === 'r') return response(message, transactionId);
  if (type !== 'e') return bad('a DHT message of no known type');
  return ok({ kind: 'error', transactionId, code: asInt(asList(message.get('e'))?.[0]) ?? 0 });
}

function query(message: BDict, transactionId: Buffer): Parsed<Krpc> {
  const args = asDict(message.get('a'));
  const method = asText(message.get('q'));
  const id = idOf(args?.get('id'));
  if (!args || method === undefined || !id) return bad('a DHT query without a method or an id');
  const hash = idOf(args.get('info_hash'));
  const target = idOf(args.get('target'));
  const token = bytesUpTo(args.get('token'), WIRE_LIMITS.krpcTokenBytes);
  const stated = asInt(args.get('implied_port')) ? undefined : asInt(args.get('port'));
  const port = stated !== undefined && stated > 0 && stated < 65_536 ? stated : undefined;
  return ok({
    kind: 'query',
    transactionId,
    method,
    id,
    ...(hash && { infoHash: infoHashOf(hash) }),
    ...(target && { target }),
    ...(port !== undefined && { port }),
    ...(token && { token }),
    readOnly: asInt(message.get('ro')) === 1,
  });
}

function response(message: BDict, transactionId: Buffer): Parsed<Krpc> {
  const values = asDict(message.get('r'));
  if (!values) return bad('a DHT response without a body');
  const id = idOf(values.get('id'));
  const token = bytesUpTo(values.get('token'), WIRE_LIMITS.krpcTokenBytes);
  return ok({
    kind: 'response',
    transactionId,
    ...(id && { id }),
    peers: peersOf(values.get('values')),
    nodes: [...nodesOf(values.get('nodes'), 4), ...nodesOf(values.get('nodes6'), 6)],
    ...(token && { token }),
  });
}

/** A list of strings, one a peer; some old programs send one string with all IPv4 peers, as trackers do. */
function peersOf(value: BValue | undefined): Endpoint[] {
  const together = asBytes(value);
  if (together) return compactPeers(together, 4);
  return (asList(value) ?? []).flatMap((entry) => {
    const bytes = asBytes(entry);
    if (bytes?.length === PEER_BYTES[4]) return compactPeers(bytes, 4);
    return bytes?.length === PEER_BYTES[6] ? compactPeers(bytes, 6) : [];
  });
}

function nodesOf(value: BValue | undefined, family: 4 | 6): KrpcNode[] {
  const bytes = asBytes(value);
  const size = NODE_BYTES[family];
  const nodes: KrpcNode[] = [];
  for (let at = 0; bytes && at + size <= bytes.length && nodes.length < WIRE_LIMITS.krpcNodes; at += size) {
    const port = ((bytes[at + size - 2] as number) << 8) | (bytes[at + size - 1] as number);
    const ip = family === 4 ? ipv4Text(bytes, at + ID_BYTES) : ipv6Text(bytes, at + ID_BYTES);
    if (port !== 0) nodes.push({ id: Buffer.from(bytes.subarray(at, at + ID_BYTES)), endpoint: { ip, port } });
  }
  return nodes;
}

const idOf = (value: BValue | undefined): Buffer | undefined => {
  const bytes = asBytes(value);
  return bytes?.length === ID_BYTES ? Buffer.from(bytes) : undefined;
};

/** A copy: the datagram's buffer may be read into again. */
function bytesUpTo(value: BValue | undefined, limit: number): Buffer | undefined {
  const bytes = asBytes(value);
  return bytes && bytes.length > 0 && bytes.length <= limit ? Buffer.from(bytes) : undefined;
}
