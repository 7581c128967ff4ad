import { isIPv4 } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import { asBytes, asDict, decodePrefix, encode } from './bencode.ts';
import { compactPeer, compactPeers } from './compact-peers.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** BEP 11: a bit for each thing that is known of a peer. */
export const PEX_FLAG = { encrypts: 0x01, seed: 0x02, utp: 0x04, holepunch: 0x08, reachable: 0x10 } as const;

export type PexPeer = { readonly endpoint: Endpoint; readonly flags: number };
/** What changed since the last message: peers of either family. */
export type Pex = { readonly added: readonly PexPeer[]; readonly dropped: readonly Endpoint[] };

/** The payload of a ut_pex message. IPv4 and IPv6 travel under keys of their own. */
export function encodePex({ added, dropped }: Pex): Buffer {
  const message: Record<string, Buffer> = {};
  for (const [suffix, isOf] of [
    ['', (e: Endpoint) => isIPv4(e.ip)],
    ['6', (e: Endpoint) => !isIPv4(e.ip)],
  ] as const) {
    const news = added.filter(({ endpoint }) => isOf(endpoint));
    message[`added${suffix}`] = together(news.map(({ endpoint }) => endpoint));
    message[`added${suffix}.f`] = Buffer.from(news.map(({ flags }) => flags));
    message[`dropped${suffix}`] = together(dropped.filter(isOf));
  }
  return encode(message);
}

/** Peers beyond the bound, and what is cut short at the end of a list, are left out; absent flags are 0. */
export function parsePex(payload: Uint8Array): Parsed<Pex> {
  if (payload.length > WIRE_LIMITS.pexBytes) return bad('longer than a PEX message');
  const read = decodePrefix(payload, { keys: 'any-order' });
  if (read.kind === 'bad') return read;
  const dict = asDict(read.value.value);
  if (!dict) return bad('a PEX message is a dictionary');
  const bytes = (key: string): Uint8Array => asBytes(dict.get(key)) ?? Buffer.alloc(0);
  const added = ([4, 6] as const).flatMap((family) => {
    const suffix = family === 4 ? '' : '6';
    const size = family === 4 ? 6 : 18;
    const flags = bytes(`added${suffix}.f`);
    const list = bytes(`added${suffix}`);
    // One by one, because a peer without a port is left out, and its flags with it.
    return Array.from({ length: Math.min(Math.floor(list.length / size), WIRE_LIMITS.pexPeers) }, (_, i) =>
      compactPeers(list.subarray(i * size, (i + 1) * size), family).map((endpoint) => ({
        endpoint,
        flags: flags[i] ?? 0,
      })),
    ).flat();
  });
  const dropped = [...compactPeers(bytes('dropped'), 4), ...compactPeers(bytes('dropped6'), 6)];
  return ok({ added: added.slice(0, WIRE_LIMITS.pexPeers), dropped: dropped.slice(0, WIRE_LIMITS.pexPeers) });
}

const together = (endpoints: readonly Endpoint[]): Buffer =>
  Buffer.concat(endpoints.flatMap((endpoint) => compactPeer(endpoint) ?? []));
