import { readFileSync } from 'node:fs';
import { errorText } from '#base/errors.ts';
import type { BrokerServer } from '#fleet/amqp-broker.ts';
import { brokerServer } from '#fleet/config.ts';
import { type ManifestKind, type TrustedKey, verifyingKey } from '#fleet/manifest.ts';
import type { FleetSettings } from './fleet-section.ts';

/** Why the box cannot join: a code that the page knows, and what fills its sentence. */
export class NotJoined extends Error {
  readonly code: 'fleet-incomplete' | 'fleet-file' | 'fleet-place' | 'fleet-broker' | 'fleet-book';
  readonly detail: Readonly<Record<string, string>>;

  constructor(code: NotJoined['code'], detail: NotJoined['detail'], cause?: unknown) {
    super(`${code} ${Object.values(detail).join(' ')}${cause === undefined ? '' : `: ${errorText(cause)}`}`, { cause });
    this.code = code;
    this.detail = detail;
  }
}

const NEEDED = ['name', 'site', 'brokerHost'] as const;

export type Joining = {
  readonly name: string;
  readonly site: string;
  readonly trusted: readonly TrustedKey[];
  /** `what`: which connection it is, for the broker's operator. */
  server(what: string): BrokerServer;
};

/** The section with its files read. Throws NotJoined. */
export function joiningOf(settings: FleetSettings): Joining {
  for (const key of NEEDED) if (!settings[key]) throw new NotJoined('fleet-incomplete', { name: `fleet.${key}` });
  if (settings.keys.length + settings.firmwareKeys.length === 0)
    throw new NotJoined('fleet-incomplete', { name: 'fleet.keys' });
  if (!settings.passwordFile && !settings.certFile)
    throw new NotJoined('fleet-incomplete', { name: 'fleet.passwordFile' });
  if (settings.certFile && !settings.caFile) throw new NotJoined('fleet-incomplete', { name: 'fleet.caFile' });
  const { name = '', site = '', brokerHost: host = '', brokerPort: port, vhost } = settings;
  const { passwordFile, caFile: ca, certFile: cert, keyFile: key } = settings;
  for (const path of [passwordFile, ca, cert, key]) if (path) checked(path, () => readFileSync(path));
  const tls = ca ? { tls: { ca, ...(cert && { cert }), ...(key && { key }) } } : {};
  const config = { host, port, vhost, ...(passwordFile && { user: name, passwordFile }), ...tls };
  return {
    name,
    site,
    trusted: [...trustedIn(settings.keys, 'files'), ...trustedIn(settings.firmwareKeys, 'firmware')],
    server: (what) => brokerServer(config, `${name} ${what}`),
  };
}

const trustedIn = (keys: readonly string[], kind: ManifestKind): TrustedKey[] =>
  keys.map((text) => checked(text, () => ({ key: verifyingKey(pemOf(text)), kinds: [kind] })));

const pemOf = (text: string): string =>
  text.startsWith('/') ? readFileSync(text, 'utf8') : `-----BEGIN PUBLIC KEY-----\n${text}\n-----END PUBLIC KEY-----\n`;

function checked<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new NotJoined('fleet-file', { path }, error);
  }
}
