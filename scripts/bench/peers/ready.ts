import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { decodeMessage, FrameSplitter } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, newPeerId } from '#wire/handshake.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';

const AGAIN_MS = 100;
const ANSWER_WITHIN_MS = 3_000;
const FRAME_BYTES = 1 << 20;

/** True once the server says that it has every piece, which it may have to hash first; false when it takes too long. */
export function seeding(torrentPath: string, port: number, withinMs: number): Promise<boolean> {
  const parsed = parseMetainfo(readFileSync(torrentPath));
  if (parsed.kind === 'bad') throw new Error(`${torrentPath}: ${parsed.why}`);
  return soon(() => hasAll(parsed.value, port), withinMs);
}

/** True once connections are taken. */
export const listening = (port: number, withinMs: number): Promise<boolean> =>
  soon(async () => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect').finally(() => socket.destroy());
    return true;
  }, withinMs);

async function soon(is: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await sleep(AGAIN_MS))
    if (await is().catch(() => false)) return true;
  return false;
}

async function hasAll(meta: Metainfo, port: number): Promise<boolean> {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    socket.write(encodeHandshake({ infoHash: meta.infoHash, peerId: newPeerId() }));
    const frames = new FrameSplitter(FRAME_BYTES);
    let skip = HANDSHAKE_BYTES;
    let full = false;
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      const from = Math.min(skip, bytes.length);
      skip -= from;
      let said = false;
      frames.push(bytes.subarray(from), (frame) => {
        const message = decodeMessage(frame);
        if (message.kind === 'bad' || message.value.kind === 'extended') return;
        said = true;
        if (message.value.kind === 'bitfield') full = Bitfield.from(message.value.bits, meta.pieceCount)?.full ?? false;
      });
      if (said) return full;
    }
    return false;
  } finally {
    socket.destroy();
  }
}
