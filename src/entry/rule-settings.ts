import { LSD_GROUP } from '#wire/lsd.ts';

/** What the kernel rules are made from. */
export type RuleSettings = {
  readonly lan: string;
  readonly wan: string;
  /** 802.1Q ids whose clients are served; the bridge has a device for each. */
  readonly vlans: readonly number[];
  /** The bridge's own MAC address. */
  readonly bridgeMac: string;
  readonly listenPort: number;
  /** TCP port at which the box is a neighbour of its clients; undefined when it is none. */
  readonly localPort?: number;
  readonly logGroup: number;
  /** Clients of whom nothing is logged, held or steered: addresses and networks (CIDR). */
  readonly optOut: readonly string[];
};

/** Sets and rules stand once for each: `n` ends the names of its sets, `ip` is nft's word for its header. */
export type Family = { readonly n: '4' | '6'; readonly ip: 'ip' | 'ip6'; readonly type: string; readonly lsd: string };

export const FAMILIES: readonly Family[] = [
  { n: '4', ip: 'ip', type: 'ipv4_addr', lsd: LSD_GROUP[4] },
  { n: '6', ip: 'ip6', type: 'ipv6_addr', lsd: LSD_GROUP[6] },
];
