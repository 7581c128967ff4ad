/**
 * Runs inside a machine's namespace: starts rtorrent without its screen, hands it one torrent over its XML-RPC (SCGI on a
 * Unix socket), reports in JSON lines and ends it when complete (argv: ClientOptions as JSON).
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOptions } from './client.ts';

const START_LIMIT_MS = 15_000;
const POLL_MS = 100;
const CALL_LIMIT_MS = 10_000;
const ENCRYPTED = 'allow_incoming,try_outgoing,require,require_RC4';
const DHT_PORT = 6881;

const say = (line: Record<string, unknown>): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function settings(o: ClientOptions): string {
  const dht = o.ways?.dht;
  return [
    'system.daemon.set = true',
    `session.path.set = ${join(o.home, 'session')}`,
    `directory.default.set = ${o.dir}`,
    `network.scgi.open_local = ${join(o.home, 'rpc')}`,
    ...(o.encrypt ? [`protocol.encryption.set = ${ENCRYPTED}`] : []),
    ...(dht === false ? ['dht.mode.set = disable'] : []),
    ...(dht ? ['dht.mode.set = on', `dht.port.set = ${DHT_PORT}`] : []),
    '',
  ].join('\n');
}

/** One XML-RPC call; the scalar values of its answer in their order. */
async function call(path: string, method: string, ...params: string[]): Promise<string[]> {
  const values = params.map((p) => `<param><value><string>${xml(p)}</string></value></param>`).join('');
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values}</params></methodCall>`;
  const head = `CONTENT_LENGTH\0${Buffer.byteLength(body)}\0SCGI\x001\0`;
  const socket = connect({ path });
  socket.setTimeout(CALL_LIMIT_MS, () => socket.destroy(new Error(`rtorrent: ${method}: no answer`)));
  socket.write(`${Buffer.byteLength(head)}:${head},${body}`);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const scalars = [...text.matchAll(/<(i4|i8|int|string|boolean)>([^<]*)<\/\1>/g)].map((m) => m[2] ?? '');
  if (text.includes('<fault>')) throw new Error(`rtorrent: ${method}: ${scalars.join(' ')}`);
  return scalars;
}

type Daemon = { call(method: string, ...params: string[]): Promise<string[]>; end(): Promise<void> };

async function startDaemon(o: ClientOptions): Promise<Daemon> {
  await mkdir(join(o.home, 'session'), { recursive: true });
  await writeFile(join(o.home, 'rtorrent.rc'), settings(o));
  const daemon = spawn('rtorrent', ['-n', '-o', `import=${join(o.home, 'rtorrent.rc')}`], { stdio: ['ignore', 2, 2] });
  let gone = false;
  daemon.once('error', () => exit(1));
  daemon.once('exit', () => {
    gone = true;
    if (!ending) exit(1);
  });
  let ending = false;
  const end = async () => {
    ending = true;
    daemon.kill('SIGTERM');
    for (let i = 0; i < 40 && !gone; i++) await sleep(100);
  };
  const rpc = (method: string, ...params: string[]) => call(join(o.home, 'rpc'), method, ...params);
  for (const begin = Date.now(); ; await sleep(50)) {
    try {
      await rpc('system.pid');
      return { call: rpc, end };
    } catch (error) {
      if (Date.now() - begin > START_LIMIT_MS) throw error;
    }
  }
}

type Torrent = {
  isMeta: boolean;
  complete: boolean;
  hashing: boolean;
  done: number;
  size: number;
  rate: number;
  says: string;
};

/** A magnet link's torrent stands for its metadata first, then goes, and one with the files comes. */
async function look(daemon: Daemon): Promise<Torrent | undefined> {
  const fields = ['is_meta', 'complete', 'hashing', 'completed_bytes', 'size_bytes', 'down.rate', 'message'];
  const values = await daemon.call('d.multicall2', '', 'main', ...fields.map((f) => `d.${f}=`));
  if (values.length < fields.length) return undefined;
  const [isMeta, complete, hashing, done, size, rate] = values.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const flags = { isMeta: isMeta === 1, complete: complete === 1, hashing: hashing !== 0 };
  return { ...flags, done, size, rate, says: values[6] ?? '' };
}

async function main(): Promise<void> {
  const o = JSON.parse(argv[2] ?? '{}') as ClientOptions;
  let wanted = true;
  process.on('SIGTERM', () => {
    wanted = false;
  });
  const daemon = await startDaemon(o);
  if (o.ways?.dht)
    for (const ip of o.ways.dht.nodes.filter(isIPv4)) await daemon.call('dht.add_node', '', `${ip}:${o.ways.dht.port}`);
  say({ event: 'added' });
  await daemon.call('load.start', '', o.source);
  let complete = false;
  for (let round = 0; wanted; round++) {
    const t = await look(daemon);
    if (t?.says && round % 50 === 0) process.stderr.write(`rtorrent says: ${t.says}\n`);
    if (!complete && t?.complete && !t.isMeta && !t.hashing) {
      complete = true;
      say({ event: 'done' });
      if (!o.seed) break;
    }
    if (t && !complete && round % 3 === 0) {
      const fraction = t.isMeta ? 0 : t.done / t.size;
      say({ event: 'progress', fraction, rate: t.rate });
    }
    await sleep(complete ? 500 : POLL_MS);
  }
  // Stopped first: its last announce tells the tracker that this peer is gone.
  await daemon.call('d.multicall2', '', 'main', 'd.stop=').catch(() => {});
  await sleep(300);
  await daemon.end();
  exit(0);
}

await main();
