import { laneMark } from '#kernel/lane.ts';
import type { Counted } from '#kernel/nft-counters.ts';

/**
 * The first rules a frame meets: they sort out what carries a tag or a second header. A frame of a served VLAN bears the
 * VLAN in its mark from here on (the mark is part of a flow's key: two VLANs may use the same addresses) and is then looked
 * at like any other. What the box cannot steer is counted and passes as it came.
 */

/** What each counter counts, in frames of both directions. A frame that the kernel merged counts once, with all its bytes. */
export const COUNTERS = {
  /** Every frame. */
  seen: 'seen',
  /** PPPoE, tagged or not (RFC 2516): the local stack takes no session apart but its own. */
  pppoe: 'pppoe',
  /** Two tags (802.1ad, or 802.1Q in 802.1Q). */
  qinq: 'qinq',
  /** One tag, of a VLAN that the box was not told to serve; also a tag that only states a priority (id 0). */
  otherVlan: 'other_vlan',
} as const;

export type TaggedCounts = Readonly<Record<keyof typeof COUNTERS, Counted>>;

/** What the kernel counted, by our names. */
export function taggedCounts(counted: ReadonlyMap<string, Counted>): TaggedCounts {
  const of = (kind: keyof typeof COUNTERS): Counted => counted.get(COUNTERS[kind]) ?? { packets: 0, bytes: 0 };
  return { seen: of('seen'), pppoe: of('pppoe'), qinq: of('qinq'), otherVlan: of('otherVlan') };
}

/** RFC 2516: discovery and session. */
const PPPOE = ['0x8863', '0x8864'];

const sorted = (types: Readonly<Record<string, string>>): string =>
  Object.entries(types)
    .map(([type, verdict]) => `${type} : ${verdict}`)
    .join(', ');
const pppoe = Object.fromEntries(PPPOE.map((type) => [type, 'goto pppoe']));
const outer = sorted({ ...pppoe, '8021q': 'jump tagged', '8021ad': 'goto qinq' });
const inner = sorted({ ...pppoe, '8021q': 'goto qinq', '8021ad': 'goto qinq' });

export const taggedInput = `
    counter name ${COUNTERS.seen}
    ether type vmap { ${outer} }`;

/** Comes before the chain with `taggedInput`, which speaks of it. */
export function taggedChains(vlans: readonly number[]): string {
  const marks = vlans.map((vlan) => `${vlan} : ${laneMark(vlan)}`).join(', ');
  const served = marks && `meta mark set vlan id map { ${marks} } return`;
  return `${Object.values(COUNTERS)
    .map((name) => `\n  counter ${name} { }`)
    .join('')}
  chain pppoe { counter name ${COUNTERS.pppoe} accept; }
  chain qinq { counter name ${COUNTERS.qinq} accept; }
  chain tagged {
    vlan type vmap { ${inner} }
    ${served}
    counter name ${COUNTERS.otherVlan} accept
  }`;
}
