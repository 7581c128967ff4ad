/**
 * What one connected client costs the box in memory, without what it shares: real client connections over loopback sockets, the clients in a
 * process of their own. argv: numbers of connections (1000). Says one JSON line for each number and state, bytes per connection:
 * `idle` clients have shaken hands and said that they are interested; `active` ones keep 8 requests open and read.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { argv, exit, memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { plainIp } from '#base/endpoint.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, KIB, MIB } from '#base/units.ts';
import { ClientConnection } from '#client/client-connection.ts';
import type { ClientTask } from '#client/client-world.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import { encodeExtendedHandshake } from '#wire/extended.ts';
import { FramedPiece, PIECE_HEADER_BYTES } from '#wire/framed-piece.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, newPeerId, parseHandshake } from '#wire/handshake.ts';
import { oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';

const PIECE_BYTES = 256 * KIB;
const TORRENT_BYTES = 32 * MIB;
const DEPTH = 8;
/** The clients share the box's listen queue, and the machine its address space of ports. */
const AT_ONCE = 50;
const SETTLE_MS = 1_500;

function taskOf({ meta, content }: Torrent): ClientTask {
  const have = new Bitfield(meta.pieceCount);
  have.setAll();
  const pieces = Array.from({ length: meta.pieceCount }, (_, index) => {
    const piece = FramedPiece.allocate(index, PIECE_BYTES);
    for (let begin = 0; begin < PIECE_BYTES; begin += BLOCK_BYTES) {
      const at = index * PIECE_BYTES + begin;
      piece.putBlock(begin, content.subarray(at, at + BLOCK_BYTES));
    }
    return piece;
  });
  return {
    infoHash: meta.infoHash,
    get peerId() {
      return newPeerId();
    },
    metainfo: () => meta,
    have: () => have,
    steers: () => false,
    block: (index, begin, length, asOne) => {
      const run = asOne ? undefined : pieces[index]?.run(begin, length);
      return { parts: run ? [run] : (pieces[index]?.message(begin, length) ?? []) };
    },
    asked: () => {},
    changed: () => {},
    served: () => {},
    offerMetadata: () => {},
    swarm: () => [],
    told: () => {},
    dhtNode: () => {},
    offerPeers: () => {},
    lacksLayers: () => undefined,
    offerLayers: () => {},
    taker: () => undefined,
    closed: () => {},
    failed: (error) => {
      throw error;
    },
  };
}

/** The box's half: every flow becomes a client connection once its handshake is whole. */
function serve(socket: Socket, task: ClientTask, joined: (c: ClientConnection) => void): void {
  socket
    .on('error', () => {})
    .once('data', (head: Buffer) => {
      const hands = parseHandshake(head);
      if (hands.kind === 'bad') throw new Error(hands.why);
      const remote = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
      const stream = new FlowStream(socket, remote, undefined, { upBytes: 0, downBytes: 0 });
      const early = Buffer.from(head.subarray(HANDSHAKE_BYTES));
      joined(new ClientConnection(stream, hands.value, task, early, silentLog));
    });
}

async function measure(conns: number, torrent: Torrent): Promise<void> {
  const joined: ClientConnection[] = [];
  const task = taskOf(torrent);
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
    serve(socket, task, (c) => joined.push(c)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const before = await settled();
  const clients = fork(import.meta.filename, [
    'clients',
    String((server.address() as AddressInfo).port),
    String(conns),
  ]);
  await said(clients, 'connected');
  const tell = async (state: 'idle' | 'active'): Promise<void> => {
    const now = await settled();
    const each = (what: 'heapUsed' | 'external' | 'rss'): number => Math.round((now[what] - before[what]) / conns);
    const bytes = { heapBytes: each('heapUsed'), externalBytes: each('external'), rssBytes: each('rss') };
    console.log(JSON.stringify({ bench: 'memory-per-client', conns, joined: joined.length, state, ...bytes }));
  };
  await tell('idle');
  clients.send('go');
  await said(clients, 'going');
  await tell('active');
  clients.kill();
  for (const client of joined) client.close('measured');
  await new Promise((resolve) => server.close(resolve));
}

async function said(child: ChildProcess, word: string): Promise<void> {
  const [message] = await once(child, 'message');
  if (message !== word) throw new Error(`the clients said ${message}`);
}

async function settled(): Promise<NodeJS.MemoryUsage> {
  await sleep(SETTLE_MS);
  for (let i = 0; i < 3; i++) global.gc?.();
  return memoryUsage();
}

/** The clients' half, in a process of its own. They count what they are given and do not look at it. */
async function clients(port: number, conns: number, { meta }: Torrent): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(256 * KIB);
  let isGoing = false;
  const going: (() => void)[] = [];
  for (let number = 0; number < conns; number++) {
    let owed = 0;
    let next = number;
    const ask = (socket: Socket, blocks: number): void => {
      const requests = Array.from({ length: blocks }, () => {
        const at = (next++ * BLOCK_BYTES) % TORRENT_BYTES;
        const place = { piece: Math.floor(at / PIECE_BYTES), begin: at % PIECE_BYTES };
        return encodeMessage({ kind: 'request', ...place, length: BLOCK_BYTES });
      });
      socket.write(Buffer.concat(requests));
    };
    const socket = net.connect({
      host: '127.0.0.1',
      port,
      onread: {
        buffer,
        callback: (bytes) => {
          if (!isGoing) return true;
          owed += bytes;
          const blocks = Math.floor(owed / (BLOCK_BYTES + PIECE_HEADER_BYTES));
          owed -= blocks * (BLOCK_BYTES + PIECE_HEADER_BYTES);
          if (blocks > 0) ask(socket, blocks);
          return true;
        },
      },
    });
    const payload = encodeExtendedHandshake({ utMetadataId: 2, utPexId: 1, reqq: 500, client: 'a client' });
    socket.write(
      Buffer.concat([
        encodeHandshake({ infoHash: meta.infoHash, peerId: newPeerId(), extended: true, fast: true }),
        encodeMessage({ kind: 'have-none' }),
        encodeMessage({ kind: 'extended', id: 0, payload }),
        encodeMessage({ kind: 'interested' }),
      ]),
    );
    going.push(() => ask(socket, DEPTH));
    if (number % AT_ONCE === 0) await once(socket, 'connect');
  }
  await sleep(SETTLE_MS);
  process.on('message', () => {
    isGoing = true;
    for (const go of going) go();
    process.send?.('going');
  });
  process.send?.('connected');
}

const torrent = oneFileTorrent(TORRENT_BYTES, PIECE_BYTES);
if (argv[2] === 'clients') await clients(Number(argv[3]), Number(argv[4]), torrent);
else {
  if (!global.gc) throw new Error('run it with: node --expose-gc scripts/bench/memory-per-client.ts 1000 4000');
  const wanted = argv.length > 2 ? argv.slice(2).map(Number) : [1_000];
  for (const conns of wanted) await measure(conns, torrent);
  exit(0);
}
