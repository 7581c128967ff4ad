import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { readShared } from './shared-read.ts';

const LENGTH = 600_000;
const text = (seed: number): Buffer => Buffer.from(Array.from({ length: LENGTH }, (_, i) => (i * seed) % 251));

test('sockets that read into one memory mix nothing up, and lose nothing before they are listened to', async () => {
  const server = net.createServer(
    (socket) => void socket.once('data', (seed: Buffer) => socket.end(text(seed[0] ?? 0))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await Promise.all(
    [3, 5, 7, 11].map(async (seed) => {
      const socket = readShared((onread) => net.connect({ host: '127.0.0.1', port, onread }));
      await once(socket, 'connect');
      socket.write(Buffer.of(seed));
      if (seed > 5) await new Promise((resolve) => setTimeout(resolve, 50));
      const heard: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => heard.push(Buffer.from(chunk)));
      await once(socket, 'end');
      assert.ok(Buffer.concat(heard).equals(text(seed)), `${seed}`);
    }),
  );
  server.close();
});
