import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { problemsOf, type Schema, type SchemaProblem } from '#base/schema-check.ts';
import type { BrokerServer } from './amqp-broker.ts';
import configs from './config-schema.json' with { type: 'json' };
import type { AuditorConfig, BrokerConfig, CentralConfig, TerminalConfig, TrustConfig } from './config-types.ts';
import { signingKey, type TrustedKey, verifyingKey } from './manifest.ts';

const SCHEMA = configs as unknown as Schema;
const DEFINITIONS = SCHEMA.definitions as Readonly<Record<string, Schema>>;

const SCHEMA_OF = { central: 'CentralConfig', terminal: 'TerminalConfig', auditor: 'AuditorConfig' } as const;

/** A configuration with all its paths absolute. Throws with what a person should change. */
export function readConfig(path: string, role: 'central'): CentralConfig;
export function readConfig(path: string, role: 'terminal'): TerminalConfig;
export function readConfig(path: string, role: 'auditor'): AuditorConfig;
export function readConfig(path: string, role: keyof typeof SCHEMA_OF): CentralConfig | TerminalConfig | AuditorConfig {
  const said = parsed(path);
  const schema = DEFINITIONS[SCHEMA_OF[role]] as Schema;
  const [first] = problemsOf(said, schema, SCHEMA);
  if (first) throw new Error(`the configuration ${path} cannot be used: "${first.path || 'it'}" is ${first.code}`);
  const at = (file: string): string => resolve(dirname(path), file);
  const config = said as CentralConfig & TerminalConfig;
  const { broker } = config;
  if ((broker.user === undefined) !== (broker.passwordFile === undefined))
    throw new Error(`the configuration ${path} cannot be used: a user needs a passwordFile, and the other way round`);
  if (broker.user === undefined && !broker.tls?.cert)
    throw new Error(`the configuration ${path} cannot be used: without a user the broker needs a certificate`);
  const { tls } = broker;
  const brokerAt: BrokerConfig = {
    ...broker,
    ...(broker.passwordFile && { passwordFile: at(broker.passwordFile) }),
    ...(tls && {
      tls: { ca: at(tls.ca), ...(tls.cert && { cert: at(tls.cert) }), ...(tls.key && { key: at(tls.key) }) },
    }),
  };
  if (role === 'auditor') return { broker: brokerAt };
  const paths = { dataDir: at(config.dataDir), broker: brokerAt };
  if (role === 'central') {
    const { signingKey, firmwareKey, watch } = config;
    return {
      ...config,
      ...paths,
      ...(signingKey && { signingKey: at(signingKey) }),
      ...(firmwareKey && { firmwareKey: at(firmwareKey) }),
      ...(watch && { watch: { ...watch, folder: at(watch.folder) } }),
    };
  }
  const trust = config.trust.map(({ key, kinds }) => ({ key: at(key), kinds }));
  const { installer } = config;
  const programAt = ([program = '', ...more]: readonly string[]): string[] => [at(program), ...more];
  return {
    ...config,
    ...paths,
    folder: at(config.folder),
    trust,
    ...(installer && {
      installer: {
        ...installer,
        command: programAt(installer.command),
        ...(installer.check && { check: programAt(installer.check) }),
      },
    }),
  };
}

/** What is wrong with what the desk was asked to publish. */
export const publishProblems = (asked: unknown): SchemaProblem[] =>
  problemsOf(asked, DEFINITIONS.PublishAsked as Schema, SCHEMA);

function parsed(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`the configuration ${path} cannot be read`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`the configuration ${path} is no JSON`, { cause: error });
  }
}

/** How the broker is reached, with secrets and certificates read. `name`: what its operator sees. */
export function brokerServer({ host, port, vhost, user, passwordFile, tls }: BrokerConfig, name: string): BrokerServer {
  const read = (path: string): string => readFileSync(path, 'utf8');
  return {
    host,
    port,
    vhost,
    name,
    login: user !== undefined && passwordFile ? { user, password: read(passwordFile).trim() } : 'certificate',
    ...(tls && {
      tls: { ca: read(tls.ca), ...(tls.cert && { cert: read(tls.cert) }), ...(tls.key && { key: read(tls.key) }) },
    }),
  };
}

export const trustedKeys = (trust: readonly TrustConfig[]): TrustedKey[] =>
  trust.map(({ key, kinds }) => ({ key: verifyingKey(readFileSync(key, 'utf8')), kinds }));

/** A private key that somebody else made. Throws with what is to be done. */
export function firmwareKeyAt(path: string) {
  try {
    return signingKey(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(
      `the firmware key ${path} cannot be read: it must be an Ed25519 key in PEM, and plugged in to publish`,
      {
        cause: error,
      },
    );
  }
}

/**
 * The key that signs; made when there is none, with its public half beside it (`.pub`), which nodes are to trust. Whoever has the key can give every node any files: it is for its owner alone
 * to read, and may lie elsewhere and be mounted only to publish.
 */
export function signingKeyAt(path: string) {
  if (!existsSync(path)) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    writeFileSync(`${path}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
  }
  chmodSync(path, 0o600);
  return signingKey(readFileSync(path, 'utf8'));
}
