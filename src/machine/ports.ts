import { readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { shown } from './block-tree.ts';
import { MACHINE_LIMITS } from './limits.ts';

export type PortRole = 'lan' | 'wan' | 'management' | 'none';

/** See NetPort of the admin contract. */
export type Port = {
  readonly name: string;
  readonly mac: string;
  readonly driver?: string;
  readonly link: 'up' | 'down' | 'unknown';
  readonly speedMbps?: number;
  readonly role: PortRole;
  readonly addresses: readonly string[];
  readonly canBlink: boolean;
  readonly rxBytes: number;
  readonly txBytes: number;
};

export type PortSources = {
  /** `/sys/class/net`, or a test's folder. */
  readonly net: string;
  /** Addresses with their lengths. */
  readonly addresses: (name: string) => readonly string[];
};

export const machinePorts: PortSources = {
  net: '/sys/class/net',
  addresses: (name) => (networkInterfaces()[name] ?? []).flatMap(({ cidr }) => cidr ?? []),
};

/** They have no lamp, and say so only when they are asked to blink. */
const LAMPLESS = new Set(['veth', 'virtio_net', 'hv_netvsc', 'vmxnet3', 'xen_netfront', 'vif', 'ena', 'gve']);
/** linux/if_arp.h */
const ARPHRD_ETHER = '1';

/**
 * The Ethernet ports: what has a device behind it, and whatever is configured as one. `mute`: those that refused to blink.
 * Whatever the kernel does not say is left out.
 */
export async function portsOf(
  roles: { readonly lan: string; readonly wan: string },
  mute: ReadonlySet<string>,
  from: PortSources = machinePorts,
): Promise<Port[]> {
  const names = (await readdir(from.net)).sort().slice(0, MACHINE_LIMITS.ports * 4);
  const ports: Port[] = [];
  for (const name of names) {
    if (ports.length >= MACHINE_LIMITS.ports) break;
    const port = await portAt(name, roles, mute, from);
    if (port) ports.push(port);
  }
  return ports;
}

async function portAt(
  name: string,
  { lan, wan }: { readonly lan: string; readonly wan: string },
  mute: ReadonlySet<string>,
  { net, addresses }: PortSources,
): Promise<Port | undefined> {
  const file = (path: string) =>
    readFile(join(net, name, path), 'latin1').then(
      (text) => text.slice(0, 4096).trim(),
      () => undefined,
    );
  const isConfigured = name === lan || name === wan;
  const device = await readlink(join(net, name, 'device')).catch(() => undefined);
  if ((await file('type')) !== ARPHRD_ETHER || (device === undefined && !isConfigured)) return undefined;
  if (/^DEVTYPE=wlan$/m.test((await file('uevent')) ?? '')) return undefined;
  const driver = shown(basename(await readlink(join(net, name, 'device/driver')).catch(() => '')));
  const [mac, carrier, speed, rx, tx] = await Promise.all(
    ['address', 'carrier', 'speed', 'statistics/rx_bytes', 'statistics/tx_bytes'].map(file),
  );
  const operstate = await file('operstate');
  // A port that is switched off does not say whether it has a carrier.
  const link = carrier === '1' ? 'up' : carrier === '0' || operstate === 'down' ? 'down' : 'unknown';
  const speedMbps = Number(speed);
  const own = addresses(name);
  return {
    name,
    mac: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac ?? '') ? String(mac) : '',
    ...(driver !== undefined && { driver }),
    link,
    ...(link === 'up' && speedMbps > 0 && speedMbps < 10_000_000 && { speedMbps }),
    role: name === lan ? 'lan' : name === wan ? 'wan' : own.length > 0 ? 'management' : 'none',
    addresses: own,
    canBlink: device !== undefined && !LAMPLESS.has(driver ?? 'veth') && !mute.has(name),
    rxBytes: counted(rx),
    txBytes: counted(tx),
  };
}

const counted = (text: string | undefined): number => {
  const n = Number(text);
  return Number.isSafeInteger(n) && n >= 0 ? n : 0;
};
