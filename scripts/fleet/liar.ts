/**
 * `liar.ts INFO_HASH PIECES IP PEER...`: a BitTorrent peer at IP that says that it has all pieces, dials each PEER (ip:port), and answers what is asked of it with bytes of its own. Who leaves it is
 * dialled again. It says on standard output whom it gave how many blocks.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { argv, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endpointKey, parseEndpoint } from '../../src/base/endpoint.ts';
import type { InfoHash } from '../../src/base/units.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from '../../src/wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, newPeerId } from '../../src/wire/handshake.ts';

const FRAME_BYTES = 1 << 20;
const REDIAL_MS = 300;

const [infoHash = '', pieces = '', ip = '', ...peers] = argv.slice(2);
const handshake = encodeHandshake({ infoHash: infoHash as InfoHash, peerId: newPeerId() });
const bits = Buffer.alloc(Math.ceil(Number(pieces) / 8));
for (let piece = 0; piece < Number(pieces); piece++)
  bits[piece >> 3] = (bits[piece >> 3] as number) | (0x80 >> (piece & 7));

/** One connection; resolves when the other side has had enough. */
function lieTo(peer: string): Promise<void> {
  const endpoint = parseEndpoint(peer);
  if (!endpoint) throw new Error(`${peer} is no endpoint`);
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({ host: endpoint.ip, port: endpoint.port, localAddress: ip });
  const frames = new FrameSplitter(FRAME_BYTES);
  let [skipped, blocks] = [0, 0];
  socket.write(
    Buffer.concat([handshake, encodeMessage({ kind: 'bitfield', bits }), encodeMessage({ kind: 'unchoke' })]),
  );
  socket.on('data', (bytes: Buffer) => {
    const rest = bytes.subarray(Math.min(bytes.length, HANDSHAKE_BYTES - skipped));
    skipped += bytes.length - rest.length;
    frames.push(rest, (frame) => {
      const read = decodeMessage(frame);
      if (read.kind !== 'ok' || read.value.kind !== 'request') return;
      const { piece, begin, length } = read.value;
      blocks++;
      socket.write(encodeMessage({ kind: 'piece', piece, begin, data: randomBytes(length) }));
    });
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (blocks > 0) stdout.write(`${endpointKey(endpoint)} took ${blocks} blocks\n`);
    resolve();
  });
  return promise;
}

await Promise.all(
  peers.map(async (peer) => {
    for (;;) {
      await lieTo(peer);
      await sleep(REDIAL_MS);
    }
  }),
);
