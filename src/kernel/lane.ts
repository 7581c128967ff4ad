/**
 * A lane is one network on the trunk: the untagged one, or a VLAN (802.1Q). The bridge script makes a device and two marks
 * for each; steered packets come in and leave by that device alone.
 */

/** 802.1Q ids; 0 and 4095 are reserved. */
export const isVlanId = (id: unknown): id is number => Number.isInteger(id) && Number(id) >= 1 && Number(id) <= 4094;

export const laneDevice = (bridge: string, vlan?: number): string => (vlan ? `${bridge}.${vlan}` : bridge);

/** Stands in every mark of a lane, above the twelve bits that say where the packet goes. */
export const laneMark = (vlan?: number): number => (vlan ?? 0) << 12;

/** Packets with this mark leave through the LAN port with the client's MAC addresses (ip rule 101); on their way in: to the local stack. */
export const markToLan = (vlan?: number): number => laneMark(vlan) | 0x100;

/** Packets with this mark leave through the WAN port as the client sent them (ip rule 102). */
export const markToWan = (vlan?: number): number => laneMark(vlan) | 0x200;
