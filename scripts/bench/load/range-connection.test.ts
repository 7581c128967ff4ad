import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIB } from '#base/units.ts';
import { RangeConnection } from './range-connection.ts';

test('ranges are asked for one after the other, and their bytes are counted', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.range ?? '');
    response.writeHead(206, { 'content-length': MIB }).end(Buffer.alloc(MIB));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let bytes = 0;
  let answers = 0;
  const done = Promise.withResolvers<void>();
  const connection = new RangeConnection(
    {
      port: (server.address() as AddressInfo).port,
      path: '/file',
      fileBytes: 2.5 * MIB,
      from: 0.5,
      address: '127.9.9.9',
    },
    {
      received: (_, n) => {
        bytes += n;
      },
      took: () => {
        if (++answers === 3) {
          connection.stop();
          done.resolve();
        }
      },
      // The server is closed at the end, and its connections with it.
      fault: () => {},
      left: () => {},
    },
  );
  connection.start();
  await done.promise;
  while (connection.open > 0) await sleep(1);
  assert.deepEqual(asked.slice(0, 3), [
    `bytes=${MIB}-${2 * MIB - 1}`,
    `bytes=0-${MIB - 1}`,
    `bytes=${MIB}-${2 * MIB - 1}`,
  ]);
  assert.equal(bytes, asked.length * MIB);
  server.closeAllConnections();
  server.close();
});
