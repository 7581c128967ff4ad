import net from 'node:net';
import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import { errorCode } from '#base/errors.ts';
import { readShared } from '#base/shared-read.ts';
import { dialAs } from '#kernel/transparent-socket.ts';

/** Whom to dial, and in whose name: a LAN client's own address and port, or the box's. */
export type Dial = { readonly endpoint: Endpoint; readonly as?: LanEndpoint };

/** The client's address is in use by an earlier connection of ours with the same four numbers. */
const TAKEN = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/**
 * Connects to an origin peer. In a client's name where there is one: that works on a box that has no address of its own,
 * and the peer sees whom it would have seen. Else from the box's own address. A chunk of its 'data' is valid until the listener returns.
 */
export async function dialOrigin(bridge: string, { endpoint, as }: Dial): Promise<net.Socket> {
  if (as) {
    try {
      return await connected(readShared((onread) => dialAs(bridge, as, endpoint, onread)));
    } catch (error) {
      if (!TAKEN.has(errorCode(error) ?? '')) throw error;
    }
  }
  return connected(
    readShared((onread) => net.connect({ host: endpoint.ip, port: endpoint.port, noDelay: true, onread })),
  );
}

function connected(socket: net.Socket): Promise<net.Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  socket.once('connect', () => {
    socket.off('error', reject);
    resolve(socket);
  });
  socket.once('error', reject);
  return promise;
}
