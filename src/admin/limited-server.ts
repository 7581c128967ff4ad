import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
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
export const limitedServer = (): Server => limited(createServer(LIMITS));

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

function limited<S extends Server | SecureServer>(server: S): S {
  server.maxConnections = ADMIN_LIMITS.connections;
  server.maxRequestsPerSocket = ADMIN_LIMITS.requestsPerSocket;
  server.setTimeout(ADMIN_LIMITS.requestTimeoutMs * 3);
  return server;
}
