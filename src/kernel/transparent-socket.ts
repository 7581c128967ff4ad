import net, { isIPv4 } from 'node:net';
import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import { laneDevice, markToWan } from './lane.ts';
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  bindToDevice,
  closeFd,
  duplicate,
  IP_TRANSPARENT,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  openSocket,
  queuedConnections,
  SO_MARK,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  setOption,
} from './libc.ts';
import { socketAddress } from './socket-address.ts';

/** Connections that the kernel completes before we accept them; the kernel's own limit by default (net.core.somaxconn). */
export const BACKLOG = 4096;

/** Bound to its lane's device, so that the same two endpoints in two VLANs are two connections. */
function transparentSocket(at: Endpoint, device: string, mark: number): number {
  const v4 = isIPv4(at.ip);
  const fd = openSocket(v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
  try {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!v4) setOption(fd, SOL_IPV6, IPV6_V6ONLY, 1);
    setOption(fd, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1);
    bindToDevice(fd, device);
    if (mark) setOption(fd, SOL_SOCKET, SO_MARK, mark);
    bindSocket(fd, socketAddress(at), `${at.ip} port ${at.port}`);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Each takes one connection in a turn of the event loop, however many wait: a loop that shares its processor has ten turns a second. */
const ACCEPTORS = 32;

/** Where flows of one lane arrive. */
export type TransparentListener = {
  readonly servers: readonly net.Server[];
  /** Connections that wait to be accepted. */
  queued(): number;
};

/**
 * Listens for flows of one lane that the kernel's tproxy hands over: an accepted socket's local address is the one that the
 * client dialled. `ip` is `0.0.0.0` or `::`.
 */
export function listenTransparent(
  at: Endpoint,
  lane: { readonly bridge: string; readonly vlan?: number },
  onSocket: (socket: net.Socket) => void,
  onError: (error: Error) => void,
): TransparentListener {
  const fd = transparentSocket(at, laneDevice(lane.bridge, lane.vlan), 0);
  const fds = [fd, ...Array.from({ length: ACCEPTORS - 1 }, () => duplicate(fd))];
  const servers = fds.map((own) =>
    net
      .createServer({ allowHalfOpen: true, noDelay: true }, onSocket)
      .on('error', onError)
      .listen({ fd: own }, BACKLOG),
  );
  return { servers, queued: () => (servers[0]?.listening ? queuedConnections(fd) : 0) };
}

/**
 * Dials `to` with the client's own address, port and VLAN as the source: the remote end cannot tell the box from the client.
 * Answers come back through the flow's entry in the steering set. Throws when the address cannot be bound.
 */
export function dialAs(bridge: string, client: LanEndpoint, to: Endpoint, onread?: net.OnReadOpts): net.Socket {
  const fd = transparentSocket(client, laneDevice(bridge, client.vlan), markToWan(client.vlan));
  const socket = new net.Socket({ fd, allowHalfOpen: true, onread });
  socket.setNoDelay(true);
  return socket.connect({ host: to.ip, port: to.port });
}
