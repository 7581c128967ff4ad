import type { Socket } from 'node:net';
import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import { dialAs } from '#kernel/transparent-socket.ts';
import type { Meter } from './flow-records.ts';
import { LIMITS } from './limits.ts';

/** An idle flow must keep its entry in the kernel's flow set, which lives ten minutes. */
const KEEP_ALIVE_MS = 60_000;

/** Carries bytes, half-closes and resets from `from` to `to`. */
function carry(from: Socket, to: Socket, onBytes: (n: number) => void): void {
  from.on('data', (bytes: Buffer) => onBytes(bytes.length));
  from.pipe(to); // ends `to` when `from` ends: the half-close
  from.on('error', () => {
    if (!to.destroyed) to.resetAndDestroy();
  });
  from.on('close', () => {
    if (!from.readableEnded && !to.destroyed) to.resetAndDestroy();
  });
}

/**
 * Joins a client's flow to the endpoint that it dialled, with the client's own address and port as the source, so that
 * neither end can tell. `head` is what the client has said already. `onBytes` tells of bytes carried, either way,
 * as they go; `onEnd` is called once.
 */
export function splice(
  client: Socket,
  at: { readonly bridge: string; readonly client: LanEndpoint; readonly origin: Endpoint },
  head: Buffer,
  meter: Meter,
  onBytes: (bytes: number) => void,
  onEnd: (why: string) => void,
): void {
  let why = 'ended';
  let origin: Socket;
  const up = (n: number): void => {
    onBytes(n);
    meter.upBytes += n;
  };
  const down = (n: number): void => {
    onBytes(n);
    meter.downBytes += n;
  };
  try {
    origin = dialAs(at.bridge, at.client, at.origin);
  } catch (error) {
    client.resetAndDestroy();
    onEnd(errorText(error));
    return;
  }
  if (head.length > 0) origin.write(head); // waits for the connection
  up(head.length);
  if (client.readableEnded) origin.end();
  const late = setTimeout(() => {
    why = 'the origin did not answer';
    origin.destroy();
    client.resetAndDestroy();
  }, LIMITS.originConnectMs);
  origin.once('connect', () => clearTimeout(late));
  origin.once('error', (error) => {
    why = errorText(error);
  });
  for (const socket of [client, origin]) socket.setKeepAlive(true, KEEP_ALIVE_MS);
  carry(client, origin, up);
  carry(origin, client, down);
  let open = 2;
  const closed = (): void => {
    clearTimeout(late);
    if (--open === 0) onEnd(why);
  };
  client.once('close', closed);
  origin.once('close', closed);
}
