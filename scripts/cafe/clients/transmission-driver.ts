/**
 * Runs inside a machine's namespace: starts transmission-daemon, hands it one torrent over its RPC, reports in JSON lines
 * and ends it when complete (argv: ClientOptions as JSON).
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { argv, exit, kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactEndpoint } from '../compact-endpoint.ts';
import type { ClientOptions, DhtStart } from './client.ts';

const RPC = 'http://127.0.0.1:9091/transmission/rpc';
const START_LIMIT_MS = 15_000;
const POLL_MS = 100;
const PREFERRED = 1; // Transmission's default: encrypted when the other side can, plain otherwise
const REQUIRED = 2;

type Torrent = {
  leftUntilDone: number;
  sizeWhenDone: number;
  percentDone: number;
  metadataPercentComplete: number;
  rateDownload: number;
  /** 2: being checked, 1: waiting for it */
  status: number;
  errorString: string;
};

const say = (line: Record<string, unknown>): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

let session = '';

/** One RPC call; the daemon asks for its session id with a 409 first (CSRF protection). */
async function call(method: string, args: object): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await fetch(RPC, {
      method: 'POST',
      headers: { 'X-Transmission-Session-Id': session },
      body: JSON.stringify({ method, arguments: args }),
      signal: AbortSignal.timeout(20_000),
    });
    session = answer.headers.get('x-transmission-session-id') ?? session;
    if (answer.status === 409) continue;
    const said = (await answer.json()) as { result: string; arguments: Record<string, unknown> };
    if (said.result !== 'success') throw new Error(`transmission: ${method}: ${said.result}`);
    return said.arguments;
  }
  throw new Error(`transmission: ${method}: no session id`);
}

/** The nodes that it remembers from its last run. */
function dhtFile({ nodes, port }: DhtStart): Buffer {
  const list = (of: readonly string[]): Buffer => {
    const bytes = Buffer.concat(of.map((ip) => compactEndpoint(ip, port)));
    return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
  };
  const v4 = list(nodes.filter(isIPv4));
  const v6 = list(nodes.filter((ip) => !isIPv4(ip)));
  return Buffer.concat([Buffer.from('d5:nodes'), v4, Buffer.from('6:nodes6'), v6, Buffer.from('e')]);
}

async function startDaemon(o: ClientOptions): Promise<{ end(): Promise<void>; gone: Promise<void> }> {
  await writeFile(
    join(o.home, 'settings.json'),
    JSON.stringify({
      'download-dir': o.dir,
      encryption: o.encrypt ? REQUIRED : PREFERRED,
      // The cafe's router maps no ports, and looking for one that does blocks this version for 8 s after its start.
      'port-forwarding-enabled': false,
      // When uTP is refused, version 3.00 hangs up the TCP connection that it falls back to; so the box lets its uTP pass unserved.
      'utp-enabled': o.ways?.utp ?? false,
      ...(o.ways?.lsd === undefined ? {} : { 'lpd-enabled': o.ways.lsd }),
      ...(o.ways?.dht === undefined ? {} : { 'dht-enabled': o.ways.dht !== false }),
      'rpc-bind-address': '127.0.0.1',
      'rpc-enabled': true,
      'rpc-whitelist-enabled': false,
    }),
  );
  if (o.ways?.dht) await writeFile(join(o.home, 'dht.dat'), dhtFile(o.ways.dht));
  const daemon = spawn('transmission-daemon', ['-f', '-g', o.home], { stdio: ['ignore', 2, 2] });
  const gone = new Promise<void>((resolve) => {
    daemon.once('exit', () => resolve());
    daemon.once('error', () => resolve());
  });
  const end = async () => {
    if (daemon.pid && daemon.exitCode === null) kill(daemon.pid, 'SIGTERM');
    await Promise.race([gone, sleep(4_000)]);
  };
  for (const begin = Date.now(); ; await sleep(50)) {
    try {
      await call('session-get', {});
      return { end, gone };
    } catch (error) {
      if (Date.now() - begin > START_LIMIT_MS || daemon.exitCode !== null) throw error;
    }
  }
}

async function look(): Promise<Torrent> {
  const fields = 'leftUntilDone sizeWhenDone percentDone metadataPercentComplete rateDownload status errorString';
  const said = (await call('torrent-get', { fields: fields.split(' ') })) as { torrents: Torrent[] };
  const [torrent] = said.torrents;
  if (!torrent) throw new Error('transmission: the torrent is gone');
  return torrent;
}

async function main(): Promise<void> {
  const o = JSON.parse(argv[2] ?? '{}') as ClientOptions;
  const daemon = await startDaemon(o);
  let wanted = true;
  const quit = () => {
    wanted = false;
  };
  process.on('SIGTERM', quit);
  void daemon.gone.then(() => exit(1));
  const source = o.source.startsWith('magnet:')
    ? { filename: o.source }
    : { metainfo: (await readFile(o.source)).toString('base64') };
  say({ event: 'added' });
  await call('torrent-add', { ...source, 'download-dir': o.dir });
  let complete = false;
  for (let round = 0; wanted; round++) {
    const t = await look();
    if (t.errorString && round % 50 === 0) process.stderr.write(`transmission says: ${t.errorString}\n`);
    const checking = t.status === 1 || t.status === 2;
    if (!complete && t.sizeWhenDone > 0 && t.leftUntilDone === 0 && t.metadataPercentComplete === 1 && !checking) {
      complete = true;
      say({ event: 'done' });
      if (!o.seed) break;
    }
    if (!complete && round % 3 === 0) say({ event: 'progress', fraction: t.percentDone, rate: t.rateDownload });
    await sleep(complete ? 500 : POLL_MS);
  }
  // Stopped first: its last announce tells the tracker that this peer is gone.
  await call('torrent-stop', {}).catch(() => {});
  process.removeListener('SIGTERM', quit);
  await daemon.end();
  exit(0);
}

await main();
