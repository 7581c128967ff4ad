import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { SimPath } from './sim-line.ts';
import { SimSocket, type SocketWorld } from './sim-socket.ts';
import type { Owner } from './virtual-time.ts';

/** Who may be dialled at an endpoint. `answers` may change from one dial to the next. */
export type Listener = {
  readonly owner: Owner;
  answers(): 'yes' | 'refuses' | 'never';
  accept(socket: SimSocket): void;
};

export type Way = { readonly to: SimPath; readonly back: SimPath };

/** Everything that can be dialled, and every end that is open. */
export class SimNet {
  readonly #world: SocketWorld;
  readonly #listeners = new Map<string, Listener>();
  readonly #open = new Set<SimSocket>();
  #made = 0;

  constructor(world: SocketWorld) {
    this.#world = world;
  }

  listen(at: Endpoint, listener: Listener): void {
    this.#listeners.set(endpointKey(at), listener);
  }

  /** Ends that are open and belong to the owner. */
  openOf(owner: Owner): SimSocket[] {
    return [...this.#open].filter((socket) => socket.owner === owner);
  }

  /** Calls back when the connection stands, or with why it does not; or never. */
  dial(owner: Owner, to: Endpoint, way: Way, connected: (socket: SimSocket | Error) => void): void {
    const listener = this.#listeners.get(endpointKey(to));
    this.connect(owner, listener, endpointKey(to), way, connected);
  }

  connect(
    owner: Owner,
    listener: Listener | undefined,
    name: string,
    way: Way,
    connected: (socket: SimSocket | Error) => void,
  ): void {
    const { time } = this.#world;
    const toMs = way.to.latencyMs;
    const backMs = way.back.latencyMs;
    const refuse = (): void => {
      const error = Object.assign(new Error(`connect ECONNREFUSED ${name}`), { code: 'ECONNREFUSED' });
      time.after(backMs, () => connected(error), owner);
    };
    const arrive = (): void => {
      const answer = listener?.answers() ?? 'refuses';
      if (!listener || answer === 'refuses') refuse();
      if (!listener || answer !== 'yes') return;
      const id = ++this.#made;
      const near = this.#socket(owner, `${id}>${name}`, way.to);
      const far = this.#socket(listener.owner, `${id}<${name}`, way.back);
      SimSocket.join(near, far);
      time.after(backMs, () => connected(near), owner);
      listener.accept(far);
    };
    time.after(toMs, arrive, listener?.owner ?? 'world');
  }

  /** The process is gone. */
  kill(owner: Owner): void {
    this.#world.time.kill(owner);
    for (const socket of this.openOf(owner)) {
      this.#open.delete(socket);
      socket.abandon();
    }
  }

  #socket(owner: Owner, name: string, path: SimPath): SimSocket {
    const socket = new SimSocket(this.#world, owner, name, path);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  }
}
