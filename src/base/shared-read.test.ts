import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { acceptShared, readShared } from './shared-read.ts';

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

test('what a server accepted reads into it too, and is no business of the server any more', async () => {
  const taken = new Set<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true }, (accepted) => {
    const socket = acceptShared(accepted);
    taken.add(socket);
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.on('error', () => {}).on('close', () => taken.delete(socket));
    const heard: Buffer[] = [];
    let [last, length]: [Buffer, number] = [Buffer.alloc(0), 0];
    socket.on('data', (chunk: Buffer) => {
      assert.ok(length === 0 || chunk.buffer === last.buffer, 'the same memory each time');
      [last, length] = [chunk, length + chunk.length];
      heard.push(Buffer.from(chunk));
      if (length === LENGTH) socket.end(Buffer.concat(heard));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const dial = async (): Promise<net.Socket> => {
    const socket = net.connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return socket;
  };
  await Promise.all(
    [3, 5, 7].map(async (seed) => {
      const socket = await dial();
      socket.write(text(seed));
      const heard: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      await once(socket, 'close');
      assert.ok(Buffer.concat(heard).equals(text(seed)), `${seed}`);
    }),
  );
  while (taken.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const staying = await dial();
  while (taken.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => server.close(resolve));
  const [socket] = taken;
  const left = once(staying, 'close');
  socket?.destroy();
  staying.resume();
  await left;
});
