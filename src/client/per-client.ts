/** What all connections of one client share, by its address: it is given no more for having several. Kept while it has one. */
export class PerClient<T> {
  readonly #make: () => T;
  readonly #byIp = new Map<string, { readonly shared: T; connections: number }>();

  constructor(make: () => T) {
    this.#make = make;
  }

  /** One connection more. */
  enter(ip: string): T {
    const client = this.#byIp.get(ip) ?? { shared: this.#make(), connections: 0 };
    client.connections++;
    this.#byIp.set(ip, client);
    return client.shared;
  }

  /** Once for each `enter`. */
  leave(ip: string): void {
    const client = this.#byIp.get(ip);
    if (client && --client.connections === 0) this.#byIp.delete(ip);
  }
}
