/** The configuration of a central and of a terminal, each one JSON file. `config-schema.json` is made from these types. */
import type { ManifestKind } from './manifest.ts';
import type { NodeName, Place, Rate } from './message-types.ts';

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
  /** PEM, Ed25519: signs firmware, and nothing else does. Never made by itself, and read only to publish: it may lie on something that is plugged in for that. */
  firmwareKey?: Path;
  /** A node that was asked to install and says nothing for so many seconds has failed; default: 900. @minimum 1 @maximum 604800 @asType integer */
  installSilentS?: number;
  /** By the site's name: what holds for all that goes there, unless its orders say otherwise. */
  sites?: { [site: string]: SiteConfig };
  watch?: WatchConfig;
};
export type AdminConfig = {
  /** @minLength 1 @maxLength 253 */
  host: string;
  /** @minimum 1 @maximum 65535 @asType integer */
  port: number;
};
/** @minLength 1 @maxLength 253 @pattern ^[A-Za-z0-9.-]+$ */
type HostName = string;

/** Hours of the day, local time of the central; past midnight where `until` is not later than `from`. */
export type Window = { from: TimeOfDay; until: TimeOfDay };
/** @pattern ^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$ */
type TimeOfDay = string;

/** `rateBytesPerS`: what one giver may give to the site, to all its nodes together. `window`: nothing large begins to travel there outside of it. */
export type SiteConfig = { rateBytesPerS?: Rate; window?: Window };

/** What appears at the top of the folder and is still for `settleMs` (default: 10 s) is published under its name. */
export type WatchConfig = {
  folder: Path;
  /** @minimum 100 @maximum 86400000 @asType integer */
  settleMs?: number;
  orders?: Orders;
};

/** Who shall have it: those named, and those of the sites named; without either, everybody, and whoever comes later. */
export type Wanted = {
  /** @minItems 1 @maxItems 5000 */
  nodes?: NodeName[];
  /** @minItems 1 @maxItems 5000 */
  sites?: NodeName[];
};
/** What is asked for with a distribution. */
export type Orders = Wanted & {
  /** Of the targets: when so many have it, others may begin; default: 0.9. @minimum 0 @maximum 1 */
  quorum?: number;
  /** Unix time, ms: who has not got it then is not tried any more; default: a week from now. @minimum 0 @asType integer */
  deadlineMs?: number;
  /** Nothing of it begins to travel, and no bundle is installed, outside of these hours. */
  window?: Window;
  /** What one giver of a site may give of it, to all its neighbours together. */
  rateBytesPerS?: Rate;
  waves?: Waves;
};
/** In which order a bundle is installed, once it is everywhere. */
export type Waves = {
  /** What share of all have it after each wave; rising, at least one node more each time, the last is 1. @minItems 1 @maxItems 20 */
  shares: Share[];
  /** What share of a wave may fail; of the first, none may. @minimum 0 @maximum 1 */
  mostFailed: number;
};
/** @minimum 0 @maximum 1 */
type Share = number;

/** Of the bundle that is published: the device that it is for, and its version. `allowOlder`: also where this version, or a later one, runs. */
export type FirmwareAsked = {
  /** @minLength 1 @maxLength 200 */
  compatible: string;
  /** @minLength 1 @maxLength 200 */
  version: string;
  allowOlder?: boolean;
};
/** What the desk is asked to publish. */
export type PublishAsked = Orders & {
  /** @minLength 1 @maxLength 4000 */
  path: string;
  /** @minLength 1 @maxLength 200 */
  name?: string;
  kind?: ManifestKind;
  firmware?: FirmwareAsked;
};

/** How a terminal installs firmware. */
export type InstallerConfig = {
  /** What the device is: bundles for others are refused. @minLength 1 @maxLength 200 */
  compatible: string;
  /** The version that runs before the first roll-out. @minLength 1 @maxLength 200 */
  version?: string;
  /** Run with the bundle's path, `compatible` and the version behind it. */
  command: Command;
  /** Run with `compatible` and the version behind it, after a restart in the middle: 0 says that it runs and is healthy. */
  check?: Command;
  /** It is ended after so many seconds; default: 1800. @minimum 1 @maximum 86400 @asType integer */
  limitS?: number;
};
/** The program's path, and its first arguments. @minItems 1 @maxItems 100 */
type Command = string[];

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
  /** Without it, firmware is refused. */
  installer?: InstallerConfig;
};
/** A public key, PEM, and what may be signed with it. */
export type TrustConfig = {
  key: Path;
  /** @minItems 1 */
  kinds: ManifestKind[];
};

/** Of who only reads the fleet's log. */
export type AuditorConfig = { broker: BrokerConfig };

/** Only for the schema. */
export type Configs = {
  central: CentralConfig;
  terminal: TerminalConfig;
  auditor: AuditorConfig;
  publish: PublishAsked;
};
