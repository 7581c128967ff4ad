import { networkInterfaces } from 'node:os';
import { LIMITS } from './limits.ts';

/** An address of the box in one of the LAN's networks, on the bridge or on a VLAN device on top of it. */
export type BridgeAddress = { readonly ip: string; readonly family: 4 | 6; readonly device: string };

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * Where the box can be a neighbour of its clients. Of IPv6 the link-local address counts only where there is no other:
 * few clients can dial one, because it needs a zone.
 */
export function bridgeAddresses(bridge: string, interfaces: Interfaces = networkInterfaces()): BridgeAddress[] {
  const found = Object.entries(interfaces).flatMap(([device, list]) => {
    if (device !== bridge && !device.startsWith(`${bridge}.`)) return [];
    const all = (list ?? []).map(
      (a): BridgeAddress => ({ ip: a.address, family: a.family === 'IPv6' ? 6 : 4, device }),
    );
    const wide = all.filter((a) => !isLinkLocal(a));
    return all.filter((a) => !isLinkLocal(a) || !wide.some((w) => w.family === 6));
  });
  return found.slice(0, LIMITS.localAddresses);
}

/** RFC 4291 section 2.5.6: fe80::/10. */
export const isLinkLocal = (a: BridgeAddress): boolean => a.family === 6 && /^fe[89ab]/i.test(a.ip);

/** As a socket wants it: a link-local address means nothing without its device. */
export const bindable = (a: BridgeAddress): string => (isLinkLocal(a) ? `${a.ip}%${a.device}` : a.ip);
