import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { HANDSHAKE_BYTES, looksLikeHandshake, parseHandshake } from '#wire/handshake.ts';
import { oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';
import { ClientConnection } from './client-connection.ts';
import { runProgram, socketStream, TestTask } from './fixtures.ts';

/** Real clients from Debian download from our end of the wire, whose pieces arrive while they are connected. */

type Program = ReturnType<typeof runProgram>;

const LIMIT_MS = 60_000;

class Box implements AsyncDisposable {
  readonly task: TestTask;
  readonly clients = new Set<ClientConnection>();
  readonly names: string[] = [];
  readonly #servers: net.Server[] = [];
  port = 0;
  announceUrl = '';

  constructor(torrent: Torrent) {
    this.task = new TestTask(torrent);
  }

  async listen(ip: string): Promise<void> {
    const peers = net.createServer((socket) => this.#accept(socket));
    const tracker = http.createServer((_request, response) => {
      const peer = Buffer.from([...ip.split('.').map(Number), this.port >> 8, this.port & 255]);
      response.end(Buffer.concat([Buffer.from('d8:intervali60e5:peers6:'), peer, Buffer.from('e')]));
    });
    for (const server of [peers, tracker]) {
      this.#servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, ip, resolve));
    }
    this.port = (peers.address() as net.AddressInfo).port;
    this.announceUrl = `http://${ip}:${(tracker.address() as net.AddressInfo).port}/announce`;
  }

  /** Lets the pieces arrive one by one, in no order. */
  async fill(everyMs: number): Promise<void> {
    const { pieceCount } = this.task.torrent.meta;
    for (let i = 0; i < pieceCount; i++) {
      const piece = (i * 37) % pieceCount;
      this.task.field.set(piece);
      for (const client of this.clients) client.announce(piece);
      await sleep(everyMs);
    }
    assert.ok(this.task.field.full);
  }

  #accept(socket: net.Socket): void {
    socket.on('error', () => {});
    let head = Buffer.alloc(0);
    const gather = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      // aria2 tries an encrypted handshake first and a plain one after that was refused.
      if (looksLikeHandshake(head) === 'no') return void socket.destroy();
      if (head.length < HANDSHAKE_BYTES) return;
      socket.off('data', gather);
      const hands = parseHandshake(head);
      if (hands.kind === 'bad') return void socket.destroy();
      const early = head.subarray(HANDSHAKE_BYTES);
      const client = new ClientConnection(socketStream(socket), hands.value, this.task, early, silentLog);
      this.clients.add(client);
      socket.on('close', () => {
        this.names.push(client.clientName);
        this.clients.delete(client);
      });
    };
    socket.on('data', gather);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.close('the test is over');
    for (const server of this.#servers) {
      if (server instanceof http.Server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

function torrentFile(torrent: Torrent, announce: string): Buffer {
  const head = `d8:announce${announce.length}:${announce}4:info`;
  return Buffer.concat([Buffer.from(head), torrent.meta.infoBytes, Buffer.from('e')]);
}

async function finished(file: string, torrent: Torrent, child: Program): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const bytes = existsSync(file) ? await readFile(file) : Buffer.alloc(0);
    if (bytes.equals(torrent.content)) return;
    if (Date.now() > end) throw new Error(`the client did not finish: ${bytes.length} bytes`);
    if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`the client ended with ${child.exitCode}`);
    await sleep(100);
  }
}

type Start = (dir: string, box: Box) => Program;

async function download(torrent: Torrent, ip: string, start: Start): Promise<Box> {
  const dir = await mkdtemp(path.join(tmpdir(), 'swarmbox-client-'));
  const box = new Box(torrent);
  let child: Program | undefined;
  try {
    await box.listen(ip);
    await writeFile(path.join(dir, 'file.torrent'), torrentFile(torrent, box.announceUrl));
    await mkdir(path.join(dir, 'watch'));
    await writeFile(path.join(dir, 'watch', 'file.torrent'), torrentFile(torrent, box.announceUrl));
    child = start(dir, box);
    while (box.clients.size === 0) {
      await sleep(50);
      assert.equal(child.exitCode, null, 'the client ended before it connected');
    }
    await Promise.all([box.fill(10), finished(path.join(dir, 'file'), torrent, child)]);
    return box;
  } finally {
    const gone = child && child.exitCode === null ? new Promise((resolve) => child?.once('exit', resolve)) : undefined;
    child?.kill('SIGKILL');
    await gone;
    await box[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

const LEECH = `
import libtorrent as lt, sys, time
dir, port, magnet = sys.argv[1], int(sys.argv[2]), sys.argv[3]
s = lt.session({'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False,
  'enable_natpmp': False, 'out_enc_policy': 2, 'in_enc_policy': 2, 'enable_outgoing_utp': False, 'enable_incoming_utp': False})
if magnet: p = lt.parse_magnet_uri(magnet)
else: p = lt.add_torrent_params(); p.ti = lt.torrent_info(dir + '/file.torrent')
p.save_path = dir
p.trackers = []
h = s.add_torrent(p)
h.connect_peer(('127.0.0.1', port), 0)
while not h.status().is_seeding: time.sleep(0.05)
time.sleep(1)
`;

const torrent = oneFileTorrent(100 * 65_536 + 12_345, 65_536);
const has = (program: string): string | false => (existsSync(program) ? false : `${program} is not installed`);

test('libtorrent downloads pieces as they land', { skip: has('/usr/bin/python3'), timeout: 2 * LIMIT_MS }, async () => {
  const box = await download(torrent, '127.0.0.1', (dir, b) =>
    runProgram('/usr/bin/python3', ['-c', LEECH, dir, `${b.port}`, '']),
  );
  assert.equal(box.names.length, 1, 'it stayed on one connection');
  assert.equal(box.task.servedBytes, torrent.content.length);
});

test('libtorrent with only a magnet link gets the metainfo too', {
  skip: has('/usr/bin/python3'),
  timeout: 2 * LIMIT_MS,
}, async () => {
  const magnet = `magnet:?xt=urn:btih:${torrent.meta.infoHash}`;
  const box = await download(torrent, '127.0.0.1', (dir, b) =>
    runProgram('/usr/bin/python3', ['-c', LEECH, dir, `${b.port}`, magnet]),
  );
  assert.equal(box.task.servedBytes, torrent.content.length);
});

test('aria2 downloads pieces as they land', { skip: has('/usr/bin/aria2c'), timeout: 2 * LIMIT_MS }, async () => {
  const box = await download(torrent, '127.0.0.1', (dir) =>
    runProgram(
      '/usr/bin/aria2c',
      [
        '--no-conf',
        '--enable-dht=false',
        '--enable-dht6=false',
        '--bt-enable-lpd=false',
        '--enable-peer-exchange=false',
      ].concat([
        '--seed-time=1',
        '--listen-port=21000-21999',
        '--file-allocation=none',
        '-q',
        '-d',
        dir,
        path.join(dir, 'file.torrent'),
      ]),
    ),
  );
  assert.equal(box.task.servedBytes, torrent.content.length);
});

/**
 * Transmission 3 looks every ten seconds whom it is interested in, so this takes a while. It takes no peer on 127.0.0.0/8, so it needs an address of this
 * machine's own.
 */
const ownIp = Object.values(networkInterfaces())
  .flat()
  .find((a) => a?.family === 'IPv4' && !a.internal)?.address;
const noTransmission = has('/usr/bin/transmission-daemon') || (ownIp ? false : 'no address but loopback');

test('Transmission downloads pieces as they land', { skip: noTransmission, timeout: 2 * LIMIT_MS }, async () => {
  const box = await download(torrent, ownIp as string, (dir) =>
    runProgram(
      '/usr/bin/transmission-daemon',
      [
        '-f',
        '-g',
        path.join(dir, 'config'),
        '-w',
        dir,
        '-c',
        path.join(dir, 'watch'),
        '--no-incomplete-dir',
        '-et',
      ].concat(['-O', '-Y', '-M', '-P', '0', '-p', '0', '--no-utp', '--log-error']),
    ),
  );
  assert.equal(box.task.servedBytes, torrent.content.length);
});
