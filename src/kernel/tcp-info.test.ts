import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { roundTrip } from './tcp-info.ts';

test('the kernel tells the round trips of a connection, and nothing of what is none', async () => {
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  assert.equal(roundTrip(new PassThrough()), undefined);
  await once(socket, 'connect');
  socket.write('x');
  await once(socket, 'data');
  const trip = roundTrip(socket);
  assert.ok(trip && trip.leastMs > 0 && trip.leastMs <= trip.rttMs && trip.rttMs < 10_000, JSON.stringify(trip));
  socket.destroy();
  await once(socket, 'close');
  assert.equal(roundTrip(socket), undefined);
  server.close();
});
