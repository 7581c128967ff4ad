/** The configuration of a central and of a terminal, each one JSON file. `config-schema.json` is made from these types. */
import type { ManifestKind } from './manifest.ts';
import type { NodeName, Place } from './message-types.ts';

/** A path; from the configuration's folder on when it does not begin with a slash. @minLength 1 @maxLength 4000 */
export type Path = string;

export type BrokerConfig = {
  /** @minLength 1 @maxLength 253 */
  host: string;
  /** @minimum 1 @maximum 65535 @asType integer */
  port: number;
  /** @minLength 1 @maxLength 255 */
  vhost: string;
  /** With its password in a file; without it, the certificate says who this is. */
  user?: string;
  passwordFile?: Path;
  /** PEM files. The broker's certificate is of this authority; `cert` and `key` are this node's own. */
  tls?: { ca: Path; cert?: Path; key?: Path };
};

export type CentralConfig = {
  /** What must not be forgotten, and the key that signs. */
  dataDir: Path;
  broker: BrokerConfig;
  /** Where nodes dial this central for the bytes of large distributions. */
  swarm: Place;
  /** PEM, Ed25519; default: `signing-key.pem` in the data folder, made on the first start. */
  signingKey?: Path;
  /** Where its page is answered: an address and port, over TLS unless it is of this machine alone. Without it there is no page. */
  admin?: AdminConfig;
  /** Host names under which the page may be opened, beside its addresses. @maxItems 16 */
  names?: HostName[];
};
export type AdminConfig = {
  /** @minLength 1 @maxLength 253 */
  host: string;
  /** @minimum 1 @maximum 65535 @asType integer */
  port: number;
};
/** @minLength 1 @maxLength 253 @pattern ^[A-Za-z0-9.-]+$ */
type HostName = string;

export type TerminalConfig = {
  name: NodeName;
  /** @pattern ^[a-z0-9][a-z0-9-]{0,62}$ */
  site: string;
  dataDir: Path;
  /** It has things first, and gives them to the terminals of its site. */
  relay?: boolean;
  /** Where the files go. */
  folder: Path;
  broker: BrokerConfig;
  /** Where its neighbours dial it. */
  swarm: Place;
  /** @minItems 1 @maxItems 16 */
  trust: TrustConfig[];
};
/** A public key, PEM, and what may be signed with it. */
export type TrustConfig = {
  key: Path;
  /** @minItems 1 */
  kinds: ManifestKind[];
};

/** Only for the schema. */
export type Configs = { central: CentralConfig; terminal: TerminalConfig };
