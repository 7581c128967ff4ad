import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { LiveFeed } from './live-feed.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a listener that never reads gets no queue, misses its beats and is dropped; the others go on', async () => {
  // More than loopback's socket buffers take, so that the first one never leaves.
  const json = JSON.stringify('x'.repeat(16_000_000));
  let text = json;
  const feed = new LiveFeed(() => text, 20);
  const sockets: Duplex[] = [];
  const server = createServer().on('upgrade', (request, socket, head) => {
    sockets.push(socket);
    feed.accept(request, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const deaf = connect(port, '127.0.0.1');
  deaf.on('error', () => {});
  deaf.pause();
  deaf.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  for (let i = 0; i < 100 && feed.size === 0; i++) await pause(5);
  text = '"small"';
  const well = new WebSocket(`ws://127.0.0.1:${port}/`);
  let heard = 0;
  well.on('message', () => heard++);
  await pause(200);
  assert.equal(feed.size, 2);
  assert.ok(heard >= 3, `${heard} snapshots heard`);
  assert.ok((sockets[0]?.writableLength ?? 0) > 0, 'the deaf socket is full');
  assert.ok((sockets[0]?.writableLength ?? 0) <= json.length + 100, 'no second snapshot waits behind the first');
  for (let i = 0; i < 200 && feed.size === 2; i++) {
    await pause(10);
  }
  assert.ok(sockets[0]?.destroyed, 'the deaf one is dropped');
  feed.close();
  deaf.destroy();
  await new Promise((resolve) => server.close(resolve));
});
