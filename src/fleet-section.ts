import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { Config } from './config.ts';
import type { FleetPart } from './fleet-parts.ts';

/** The settings' section `fleet`: see setting-schemas.ts. */
export type FleetSettings = {
  readonly enabled: boolean;
  /** The node's name, which is its user at the broker. */
  readonly name?: string;
  readonly site?: string;
  readonly brokerHost?: string;
  readonly brokerPort: number;
  readonly vhost: string;
  /** Paths. Without a password the certificate says who this is; without `caFile` the connection is not encrypted. */
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Where others dial the box; without `ip` at the bridge's own address. */
  readonly ip?: string;
  readonly port: number;
  /** Each a path, or the key itself. */
  readonly keys: readonly string[];
  readonly firmwareKeys: readonly string[];
  /** What is large comes in the hours of pre-filling alone. */
  readonly inHours: boolean;
};

/** Undefined: the box takes part in none, and nothing of it is loaded. */
export async function openFleet(
  config: Pick<Config, 'fleet' | 'dataDir' | 'bridge'>,
  log: Log,
  scope: Scope,
): Promise<FleetPart | undefined> {
  if (!config.fleet.enabled) return undefined;
  const { FleetPart } = await import('./fleet-parts.ts');
  return FleetPart.open(config, log, scope);
}
