import type { OnReadOpts } from 'node:net';
import amqp, { type ChannelModel, type SocketOptions } from 'amqplib';
import { errorText } from '#base/errors.ts';
import { sharedForReadable } from '#base/shared-read.ts';
import { AmqpSession } from './amqp-session.ts';
import { BROKER_LIMITS } from './broker-limits.ts';
import type { Dial } from './broker-session.ts';
import { SteadyBroker, type SteadyOptions } from './steady-broker.ts';

export type BrokerServer = {
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  /** What the broker's operator sees of this connection. */
  readonly name: string;
  /** Who we are: a user and a password, or the common name of our certificate. */
  readonly login: { readonly user: string; readonly password: string } | 'certificate';
  /** Milliseconds for a confirm, when not as in `BROKER_LIMITS`. */
  readonly confirmMs?: number;
  /** PEM. The broker's certificate is of this authority and for `host`, or nobody is spoken to. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
};

/** RabbitMQ, by AMQP 0-9-1. */
export const amqpBroker = (server: BrokerServer, options: SteadyOptions): SteadyBroker =>
  new SteadyBroker(amqpDial(server), options);

const amqpDial =
  (server: BrokerServer): Dial =>
  async (signal, onBlocked, onError) => {
    signal.throwIfAborted();
    const dialing = new AbortController();
    const abort = () => dialing.abort(signal.reason);
    const late = setTimeout(() => dialing.abort(), BROKER_LIMITS.connectMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const model = await connect(server, dialing.signal);
      return await AmqpSession.open(model, {
        onBlocked,
        onError,
        confirmMs: server.confirmMs ?? BROKER_LIMITS.confirmMs,
      });
    } catch (error) {
      if (dialing.signal.aborted)
        throw new Error(`${server.host}:${server.port} did not answer in time`, { cause: error });
      // The library says only that it expected something else (RabbitMQ closes with 530, NOT_ALLOWED).
      if (!errorText(error).startsWith('Expected ConnectionOpenOk')) throw error;
      throw new Error(`who we are has no rights in the virtual host '${server.vhost}', or there is none`, {
        cause: error,
      });
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
    }
  };

/** The signal destroys the socket: whoever waits for an answer then gets an error. */
function connect({ host, port, vhost, name, login, tls }: BrokerServer, signal: AbortSignal): Promise<ChannelModel> {
  const { credentials } = amqp;
  const socket: SocketOptions & { signal: AbortSignal; onread?: OnReadOpts } = {
    // The library copies what it reads at once. Its own buffers for each read are what makes a receiver of bulk collect garbage.
    ...(tls ?? { onread: sharedForReadable }),
    noDelay: true,
    signal,
    credentials: login === 'certificate' ? credentials.external() : credentials.plain(login.user, login.password),
    clientProperties: { connection_name: name },
  };
  const url = { protocol: tls ? 'amqps' : 'amqp', hostname: host, port, vhost: encodeURIComponent(vhost) };
  return amqp.connect({ ...url, heartbeat: BROKER_LIMITS.heartbeatS }, socket);
}
