import { Net, type Place, words } from '../cafe/net.ts';

export const BOX_IP = '10.77.0.1';

/** A box and a machine for each client on one switch, in network namespaces: to the box whoever has an address of its own is a client of its own. */
export class Hall implements AsyncDisposable {
  readonly #net: Net;
  readonly box: Place;
  readonly clients: readonly Place[];

  private constructor(net: Net, box: Place, clients: readonly Place[]) {
    this.#net = net;
    this.box = box;
    this.clients = clients;
  }

  static async build(prefix: string, count: number): Promise<Hall> {
    const net = new Net(prefix);
    const clients: Place[] = [];
    try {
      const box = await net.add('box');
      await box.ip('link add sw type bridge forward_delay 0', 'link set sw up', `addr add ${BOX_IP}/24 dev sw`);
      for (let i = 1; i <= count; i++) {
        const client = await net.add(`client${i}`);
        await net.cable(client, 'eth0', box, `port${i}`);
        await box.run(words(`ip link set port${i} master sw`));
        await client.ip(`addr add 10.77.0.${100 + i}/24 dev eth0`);
        clients.push(client);
      }
      return new Hall(net, box, clients);
    } catch (error) {
      await net.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#net.close();
  }
}
