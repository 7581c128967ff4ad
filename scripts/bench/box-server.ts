/**
 * The box's serving path without its kernel half: recogniser, flow stream, client connection and framed pieces, all of
 * a torrent in memory. argv: torrent file, folder of its files. Says `{"port":n}`; ends when its standard input does.
 */
import { readFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { argv, exit, stdin } from 'node:process';
import { Bitfield } from '#base/bitfield.ts';
import { plainIp } from '#base/endpoint.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { ClientConnection } from '#client/client-connection.ts';
import type { ClientTask } from '#client/client-world.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import { Recogniser } from '#entry/recogniser.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import { type Metainfo, parseMetainfo, pieceSize } from '#wire/metainfo.ts';
import { SkeyTable } from '#wire/mse.ts';

function metainfoOf(path: string): Metainfo {
  const parsed = parseMetainfo(readFileSync(path));
  if (parsed.kind === 'bad') throw new Error(`${path}: ${parsed.why}`);
  return parsed.value;
}

function framedPieces(meta: Metainfo, dir: string): FramedPiece[] {
  const content = Buffer.concat(meta.files.map((f) => readFileSync(join(dir, ...f.path))));
  return Array.from({ length: meta.pieceCount }, (_, index) => {
    const piece = FramedPiece.allocate(index, pieceSize(meta, index));
    const from = index * meta.pieceLength;
    for (let begin = 0; begin < piece.lengthBytes; begin += BLOCK_BYTES) {
      const end = Math.min(begin + BLOCK_BYTES, piece.lengthBytes);
      piece.putBlock(begin, content.subarray(from + begin, from + end));
    }
    return piece;
  });
}

/** Everything is had, and everything is in memory. */
function taskOf(meta: Metainfo, pieces: readonly FramedPiece[]): ClientTask {
  const have = new Bitfield(meta.pieceCount);
  have.setAll();
  return {
    infoHash: meta.infoHash,
    get peerId() {
      return newPeerId();
    },
    metainfo: () => meta,
    have: () => have,
    steers: () => false,
    block: (index, begin, length, asOne) => {
      const piece = pieces[index];
      const run = asOne ? undefined : piece?.run(begin, length);
      return run ? [run] : piece?.message(begin, length);
    },
    changed: () => {},
    offerMetadata: () => {},
    swarm: () => undefined,
    told: () => {},
    dhtNode: () => {},
    offerPeers: () => {},
    lacksLayers: () => undefined,
    offerLayers: () => {},
    closed: () => {},
  };
}

function serve(socket: Socket, task: ClientTask): void {
  const recogniser = new Recogniser(new SkeyTable());
  const onData = (bytes: Buffer): void => {
    const step = recogniser.push(bytes);
    if (step.kind === 'more') return;
    socket.off('data', onData);
    if (step.kind !== 'peer') return void socket.destroy();
    const remote = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    new ClientConnection(
      new FlowStream(socket, remote, step.ciphers, { upBytes: 0, downBytes: 0 }),
      step.handshake,
      task,
      step.early,
      silentLog,
    );
  };
  socket.on('error', () => {}).on('data', onData);
}

const [torrentPath = '', dir = ''] = argv.slice(2);
const meta = metainfoOf(torrentPath);
const task = taskOf(meta, framedPieces(meta, dir));
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => serve(socket, task));
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
stdin.on('end', () => exit(0)).resume();
