import { type AddressSettings, addressProblems } from './address-settings.ts';

/** Files of systemd-networkd (systemd.network(5), systemd.netdev(5)), by name. They sort before what others ship. */
export type NetworkFiles = Readonly<Record<string, string>>;

/** Only these are ever written or removed. */
export const OWN_FILES = ['05-swarmbox-bridge.network', '05-swarmbox-vlan.netdev', '05-swarmbox-vlan.network'] as const;
const [BRIDGE, NETDEV, VLAN] = OWN_FILES;
/** The settings themselves stand in this line: the file is the only place where they are kept. */
const MARK = '# swarmbox: ';

/** The device that has the address. VLANs that are served have one of this name already. */
export const deviceOf = (bridge: string, settings: AddressSettings): string =>
  settings.kind !== 'none' && settings.vlan !== undefined ? `${bridge}.${settings.vlan}` : bridge;

/** `bridge`: held to what an interface is ever called by the box's settings. */
export function filesFor(bridge: string, settings: AddressSettings): NetworkFiles {
  const head = `${MARK}${JSON.stringify(settings)}\n# Written by the box: what is changed here by hand is lost.\n`;
  const vlan = settings.kind === 'none' ? undefined : settings.vlan;
  const own = networkLines(settings);
  if (vlan === undefined) return { [BRIDGE]: `${head}${network(bridge, own)}` };
  const name = deviceOf(bridge, settings);
  return {
    // The ports of a bridge that forwards carry no address of their own, and the bridge none either but in its VLAN.
    [BRIDGE]: `${head}${network(bridge, [...networkLines({ kind: 'none' }), `VLAN=${name}`])}`,
    [NETDEV]: `[NetDev]\nName=${name}\nKind=vlan\n\n[VLAN]\nId=${vlan}\n`,
    [VLAN]: network(name, own),
  };
}

/**
 * What bridge-up.sh has laid on the bridge, and on a VLAN's device: systemd-networkd takes neighbours away that stand in no file of its own, and what is steered finds its port by these.
 */
const NEIGHBOURS = [
  ['169.254.77.1', '02:1c:00:00:00:0a'],
  ['169.254.77.2', '02:1c:00:00:00:0b'],
  ['fe80::1c:a', '02:1c:00:00:00:0a'],
  ['fe80::1c:b', '02:1c:00:00:00:0b'],
]
  .map(([address, mac]) => `\n[Neighbor]\nAddress=${address}\nLinkLayerAddress=${mac}\n`)
  .join('');

/** KeepConfiguration is not set: an address that is not wanted any more goes when the files are read again. */
const network = (name: string, lines: readonly string[]): string =>
  // The box keeps its address while a cable is out, and the machine's start does not wait for one.
  `[Match]\nName=${name}\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nConfigureWithoutCarrier=yes\n${lines.join('\n')}\n${NEIGHBOURS}`;

function networkLines(settings: AddressSettings): string[] {
  switch (settings.kind) {
    case 'none':
      return ['LinkLocalAddressing=no', 'IPv6AcceptRA=no', 'DHCP=no'];
    case 'dhcp':
      return ['LinkLocalAddressing=ipv6', 'IPv6AcceptRA=yes', 'DHCP=yes'];
    case 'static':
      return [
        'LinkLocalAddressing=ipv6',
        'IPv6AcceptRA=no',
        'DHCP=no',
        ...settings.addresses.map((address) => `Address=${address}`),
        ...settings.gateways.map((gateway) => `Gateway=${gateway}`),
        ...settings.dns.map((server) => `DNS=${server}`),
      ];
  }
}

/** What a file of ours says; undefined when it is not ours, or was changed so that it says nothing. */
export function settingsIn(text: string | undefined): AddressSettings | undefined {
  const line = text?.slice(0, 8192).split('\n')[0];
  if (!line?.startsWith(MARK)) return undefined;
  try {
    return settingsOf(JSON.parse(line.slice(MARK.length)));
  } catch {
    return undefined;
  }
}

function settingsOf(said: unknown): AddressSettings | undefined {
  const { kind, vlan, addresses, gateways, dns } = (said ?? {}) as Readonly<Record<string, unknown>>;
  const lane = vlan === undefined ? {} : { vlan: Number(vlan) };
  const texts = (list: unknown): list is string[] => Array.isArray(list) && list.every((t) => typeof t === 'string');
  const settings: AddressSettings | undefined =
    kind === 'none'
      ? { kind }
      : kind === 'dhcp'
        ? { kind, ...lane }
        : kind === 'static' && texts(addresses) && texts(gateways) && texts(dns)
          ? { kind, addresses, gateways, dns, ...lane }
          : undefined;
  return settings && addressProblems(settings).length === 0 ? settings : undefined;
}
