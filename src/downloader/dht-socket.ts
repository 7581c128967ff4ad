import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Endpoint, endpointKey, plainIp } from '#base/endpoint.ts';
import { type Krpc, parseKrpc } from '#wire/krpc.ts';
import { encodeGetPeers, type GetPeers } from '#wire/krpc-encode.ts';
import { DHT_LIMITS } from './dht-limits.ts';

type Response = Krpc & { kind: 'response' };
type Pending = { readonly to: string; readonly resolve: (answer: Response | undefined) => void };
/** Asks nodes of one address family. It answers nobody (BEP 43). */
export class DhtSocket {
  readonly #udp: Socket;
  readonly #pending = new Map<string, Pending>();

  private constructor(udp: Socket) {
    this.#udp = udp;
    udp.on('message', (datagram, { address, port }) => this.#hear(datagram, { ip: plainIp(address), port }));
    // A node that is not there (ICMP) is as good as silent.
    udp.on('error', () => {});
    udp.unref();
  }

  static async open(family: 4 | 6): Promise<DhtSocket> {
    const udp = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: family === 6 });
    udp.bind(0);
    await once(udp, 'listening');
    return new DhtSocket(udp);
  }

  /** Undefined: no answer in time, or too many questions are under way. */
  async ask(to: Endpoint, question: Omit<GetPeers, 'transactionId'>): Promise<Response | undefined> {
    if (this.#pending.size >= DHT_LIMITS.pending) return undefined;
    const transactionId = randomBytes(4);
    const key = transactionId.toString('hex');
    const { promise, resolve } = Promise.withResolvers<Response | undefined>();
    this.#pending.set(key, { to: endpointKey(to), resolve });
    const late = setTimeout(() => resolve(undefined), DHT_LIMITS.queryMs);
    try {
      this.#udp.send(encodeGetPeers({ ...question, transactionId }), to.port, to.ip, (error) => {
        if (error) resolve(undefined);
      });
      return await promise;
    } finally {
      clearTimeout(late);
      this.#pending.delete(key);
    }
  }

  close(): void {
    this.#udp.close();
    for (const { resolve } of this.#pending.values()) resolve(undefined);
  }

  /** An answer counts only from whom was asked, with the random number of the question. */
  #hear(datagram: Buffer, from: Endpoint): void {
    const read = parseKrpc(datagram);
    if (read.kind === 'bad' || read.value.kind === 'query') return;
    const pending = this.#pending.get(read.value.transactionId.toString('hex'));
    if (pending?.to !== endpointKey(from)) return;
    pending.resolve(read.value.kind === 'response' ? read.value : undefined);
  }
}
