import dgram from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { SYSLOG_LIMITS } from './limits.ts';
import { octetCounted } from './rfc5424.ts';

export type Destination = { readonly host: string; readonly port: number; readonly protocol: 'udp' | 'tcp' };

/** A way to the server. */
export type Link = {
  /** Bytes of a message that it carries. */
  readonly maxBytes: number;
  /** It carries nothing more: open another. */
  readonly isOver: boolean;
  /** Resolves when the kernel has taken the message; rejects when it will not. Called one at a time. */
  send(message: Buffer): Promise<void>;
  close(): void;
};

/** Rejects when the server cannot be found or reached, or `signal` ends. */
export function openLink(to: Destination, signal: AbortSignal): Promise<Link> {
  return to.protocol === 'udp' ? udpLink(to, signal) : tcpLink(to, signal);
}

async function udpLink({ host, port }: Destination, signal: AbortSignal): Promise<Link> {
  const { address, family } = await addressOf(host, signal);
  const socket = dgram.createSocket(family === 6 ? 'udp6' : 'udp4');
  let failed: Error | undefined;
  socket.on('error', (error) => {
    failed = error;
  });
  socket.unref();
  const untilMs = performance.now() + SYSLOG_LIMITS.udpLookUpMs;
  return {
    maxBytes: SYSLOG_LIMITS.udpBytes,
    get isOver() {
      return failed !== undefined || performance.now() > untilMs;
    },
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, port, address, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.close(),
  };
}

/** A look-up cannot be ended, and may take half a minute: nobody waits for it any longer than `signal` lasts. */
async function addressOf(host: string, signal: AbortSignal): Promise<LookupAddress> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(signal.reason);
  signal.addEventListener('abort', end);
  try {
    return await Promise.race([lookup(host), promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function tcpLink({ host, port }: Destination, signal: AbortSignal): Promise<Link> {
  const socket = net.connect({ host, port, keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true });
  const within = AbortSignal.any([signal, AbortSignal.timeout(SYSLOG_LIMITS.connectMs)]);
  try {
    await once(socket, 'connect', { signal: within });
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  }
  socket.unref();
  // What ends it is told by the write that it fails.
  socket.on('error', () => {});
  socket.on('end', () => socket.destroy());
  socket.resume();
  return {
    maxBytes: SYSLOG_LIMITS.tcpBytes,
    get isOver() {
      return socket.destroyed || !socket.writable;
    },
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.write(octetCounted(message), (error) => (error ? reject(error) : resolve()));
      }),
    close: () => socket.destroy(),
  };
}
