import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { plainIp } from '#base/endpoint.ts';
import { laneDevice } from '#kernel/lane.ts';

/** An attribute of a network interface, sysfs(5). */
export function interfaceFile(name: string, file: string): string {
  try {
    return readFileSync(`/sys/class/net/${name}/${file}`, 'utf8').trim();
  } catch (error) {
    throw new Error(`there is no network interface ${name}: run firmware/network/bridge-up.sh first`, { cause: error });
  }
}

/** Throws what the operator must mend: without its device, a VLAN's steered frames would be lost. */
export function vlanDevice(bridge: string, vlan: number): void {
  const name = laneDevice(bridge, vlan);
  if (existsSync(`/sys/class/net/${name}`)) return;
  throw new Error(
    `VLAN ${vlan} has no device ${name}: run firmware/network/bridge-up.sh with VLANS="${vlan} .." first`,
  );
}

/** The machine's own, of all its interfaces. */
export const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((a) => plainIp(a.address)));
