import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import type { IpPacket } from '#wire/ip-packet.ts';

/** Where something was learned: a code that the page knows. */
export type LearnedFrom =
  | 'http-tracker'
  | 'udp-tracker'
  | 'dht'
  | 'lsd'
  | 'plain-handshake'
  | 'qvod-handshake'
  | 'pex'
  | 'box-tracker'
  | 'box-dht'
  | 'before-restart';

/** A LAN client was told, or has shown, that these endpoints belong to this torrent. */
export type Learned = {
  readonly client: string;
  readonly infoHash: InfoHash;
  readonly endpoints: readonly Endpoint[];
  readonly from: LearnedFrom;
};

/** A LAN client told somebody that it takes part in a torrent. */
export type Announced = {
  readonly client: string;
  readonly infoHash: InfoHash;
  readonly from: 'http-tracker' | 'udp-tracker' | 'dht' | 'lsd';
  /** Undefined when it did not say (LSD, DHT, a scrape). 0: it has everything. */
  readonly leftBytes: number | undefined;
  readonly event: string | undefined;
  /** Where it announced, as a tracker URL. */
  readonly tracker: string | undefined;
  /** Set when it told its neighbours; `cookie` is what it knows its own announces by. */
  readonly lsd?: { readonly cookie: string | undefined };
};

/** A flow that is recognised and that the box has no part in. */
export type Passed = { readonly client: string; readonly endpoint: Endpoint; readonly why: 'qvod' | 'ms-do' };

export type Seen =
  | { readonly kind: 'learned'; readonly value: Learned }
  | { readonly kind: 'announced'; readonly value: Announced }
  | { readonly kind: 'passed'; readonly value: Passed }
  /** The answers on this TCP flow are a tracker's: they must be held. The rules had let the request pass as any other. */
  | { readonly kind: 'hold'; readonly client: Endpoint; readonly server: Endpoint }
  /** There is nothing more to learn from this TCP flow: its packets need not be held any longer. */
  | { readonly kind: 'done'; readonly client: Endpoint; readonly server: Endpoint };

export const flowKey = (client: Endpoint, server: Endpoint): string => `${endpointKey(client)} ${endpointKey(server)}`;
export const source = (p: IpPacket): Endpoint => ({ ip: p.src, port: p.srcPort });
export const destination = (p: IpPacket): Endpoint => ({ ip: p.dst, port: p.dstPort });

/** An address that a peer can have: no "any", loopback, multicast or broadcast. */
export const usable = ({ ip, port }: Endpoint): boolean =>
  port !== 0 && !/^(?:0\.|127\.|22[4-9]\.|2[345]\d\.|::1?$|ff[0-9a-f]{2}:)/.test(ip);

export const learned = (value: Learned): Seen[] => (value.endpoints.length === 0 ? [] : [{ kind: 'learned', value }]);

/** A client that takes part, and said no more than that. */
export const takesPart = (
  client: string,
  infoHash: InfoHash,
  from: Announced['from'],
  more: Pick<Announced, 'lsd'> = {},
): Seen => ({
  kind: 'announced',
  value: { client, infoHash, from, leftBytes: undefined, event: undefined, tracker: undefined, ...more },
});
