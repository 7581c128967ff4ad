import { execFile } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import type { Payload } from '../../cafe/payload.ts';

export const peerKinds = ['libtorrent', 'transmission', 'rtorrent', 'aria2', 'nginx'] as const;
export type PeerKind = (typeof peerKinds)[number];

export type PeerOrder = {
  readonly content: Payload;
  readonly port: number;
  /** Its own state: empty, and its own for every run. */
  readonly home: string;
};

/** How a program is started as a seed of files that it finds in place, with what the operator of a fast seed would set. */
export type PeerRecipe = {
  /** Prints the version, to whichever stream. */
  readonly version: readonly string[];
  /** Writes what it needs to `home`, and returns how it is started: it stays in the foreground. */
  prepare(o: PeerOrder): Promise<readonly string[]>;
};

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** `1.2.3`, or why it cannot be had: most often its package is not installed. */
export async function versionOf({ version: [command = '', ...args] }: PeerRecipe): Promise<string | Error> {
  const ran = await promisify(execFile)(command, args).catch((error: unknown) => error as Error);
  const text = ran instanceof Error ? ran.message : `${ran.stdout} ${ran.stderr}`;
  const found = /\d+\.\d+(\.\d+)?/.exec(text)?.[0];
  return found ?? (ran instanceof Error ? ran : new Error(`it says no version: ${text}`));
}
