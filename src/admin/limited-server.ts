import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { ADMIN_LIMITS } from './limits.ts';

/** A key and its certificates, PEM. */
export type KeyAndCertificate = { readonly key: string; readonly certificate: string };

const LIMITS: ServerOptions = {
  maxHeaderSize: ADMIN_LIMITS.headerBytes,
  headersTimeout: ADMIN_LIMITS.headersTimeoutMs,
  requestTimeout: ADMIN_LIMITS.requestTimeoutMs,
  keepAliveTimeout: ADMIN_LIMITS.keepAliveMs,
  connectionsCheckingInterval: 1000,
};

/** What older browsers than the page's own do not speak is not spoken. */
export const tlsOptions = ({ key, certificate }: KeyAndCertificate) => ({
  key,
  cert: certificate,
  minVersion: 'TLSv1.2' as const,
});

/** Speaks HTTP within the bounds of this folder; does not listen yet. */
export const limitedServer = (bounds: ServerOptions = {}): Server => limited(createServer({ ...LIMITS, ...bounds }));

/** The same over TLS. */
export const limitedSecureServer = (certificate: KeyAndCertificate): SecureServer =>
  limited(
    createSecureServer({
      ...LIMITS,
      ...tlsOptions(certificate),
      handshakeTimeout: ADMIN_LIMITS.handshakeMs,
      ALPNProtocols: ['http/1.1'],
    }),
  );

/** Connections whose request may take longer than others: somebody who may do so sends something large. */
const patient = new WeakSet<Duplex>();

/** To be called once it is known who asks. Silence is still bounded. */
export function letTakeTime(request: IncomingMessage, silentMs: number): void {
  request.setTimeout(silentMs);
  const { socket } = request;
  patient.add(socket);
  request.once('close', () => patient.delete(socket));
}

/** As Node does without a listener (http.Server, 'clientError'), but for those. */
function onClientError(error: Error & { code?: string }, socket: Duplex): void {
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (isLate && patient.has(socket)) return;
  const status = isLate
    ? '408 Request Timeout'
    : error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Too Large'
      : '400 Bad Request';
  if (error.code !== 'ECONNRESET' && socket.writable) socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
  socket.destroy();
}

function limited<S extends Server | SecureServer>(server: S): S {
  server.maxConnections = ADMIN_LIMITS.connections;
  server.maxRequestsPerSocket = ADMIN_LIMITS.requestsPerSocket;
  server.setTimeout(ADMIN_LIMITS.requestTimeoutMs * 3);
  server.on('clientError', onClientError);
  return server;
}
