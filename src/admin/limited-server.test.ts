import assert from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { letTakeTime, limitedServer } from './limited-server.ts';

test('who sends slowly is cut off, but for whoever was let take his time', async (t) => {
  const server = limitedServer({ requestTimeout: 300, headersTimeout: 200, connectionsCheckingInterval: 50 });
  const late = new Set<string>();
  server.on('request', async (request, response) => {
    if (request.url === '/upload') letTakeTime(request, 60_000);
    let bytes = 0;
    try {
      for await (const chunk of request) bytes += chunk.length;
    } catch {
      late.add(String(request.url));
      return;
    }
    response.end(String(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const drip = async (path: string): Promise<string> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let said = '';
    socket.on('data', (data) => {
      said += String(data);
    });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 12\r\n\r\n`);
    for (let i = 0; i < 12 && !socket.destroyed; i++) {
      socket.write('x');
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
    await closed;
    return said;
  };
  const [upload, other] = await Promise.all([drip('/upload'), drip('/other')]);
  assert.match(upload, /^HTTP\/1\.1 200 OK[\s\S]*\r\n12\r?\n?/);
  assert.match(other, /^HTTP\/1\.1 408/);
  assert.deepEqual([...late], ['/other']);
});

test('what is no HTTP is told so', async (t) => {
  const server = limitedServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');
  let said = '';
  for await (const data of socket) said += String(data);
  assert.match(said, /^HTTP\/1\.1 400/);
});
