import type { Net, Place } from '../cafe/net.ts';
import { PROJECT_ROOT } from '../cafe/world.ts';

/** A namespace with the box's bridge over two ports that lead nowhere. Root only. */
export async function boxPlace(net: Net): Promise<Place> {
  const place = await net.add('box');
  for (const side of ['lan', 'wan'])
    await place.ip(`link add ${side}0 type veth peer name ${side}1`, `link set ${side}0 up`, `link set ${side}1 up`);
  await place.run([`${PROJECT_ROOT}/firmware/network/bridge-up.sh`, 'lan0', 'wan0', 'br0']);
  return place;
}
