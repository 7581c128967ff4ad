import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Endpoint } from '#base/endpoint.ts';
import { type LogLine, logTo } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { type AnnounceRequest, parseAnnounceRequest } from '#wire/tracker-http.ts';
import { isConnectRequest, parseUdpAnnounceRequest } from '#wire/tracker-udp.ts';
import { TestClock } from './fixtures.ts';
import { TrackerClient } from './tracker-client.ts';

const infoHash = 'ab'.repeat(20) as InfoHash;
const peers = Buffer.from([10, 1, 2, 3, 0x1a, 0xe1, 10, 1, 2, 4, 0x1a, 0xe1]);
const expected: Endpoint[] = [
  { ip: '10.1.2.3', port: 6881 },
  { ip: '10.1.2.4', port: 6881 },
];

function client(trackers: string[]) {
  const clock = new TestClock();
  const lines: LogLine[] = [];
  const found: Endpoint[][] = [];
  const world = {
    infoHash,
    peerId: Buffer.from('-SB0100-000000000001'),
    clock,
    log: logTo((line) => lines.push(line)),
    progress: () => ({ uploaded: 1, downloaded: 2, left: 3 }),
    found: (some: readonly Endpoint[]) => void found.push([...some]),
  };
  return { t: new TrackerClient(world, trackers), clock, lines, found };
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(done(), 'it did not happen');
}

test('an HTTP tracker is told of start, completion and stop, not sooner than it wants, and broken ones are passed over', async () => {
  const heard: AnnounceRequest[] = [];
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith('/broken')) return void response.end('<html>no tracker here</html>');
    const read = parseAnnounceRequest(Buffer.from(`GET ${request.url} HTTP/1.1\r\n\r\n`, 'latin1'));
    assert.ok(read.kind === 'ok');
    heard.push(read.value);
    response.end(Buffer.concat([Buffer.from('d8:intervali600e5:peers12:'), peers, Buffer.from('e')]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { t, clock, lines, found } = client(['gopher://x/', `${base}/broken`, `${base}/announce`]);
  await until(() => clock.sleepers === 1);
  assert.deepEqual(found, [expected]);
  assert.equal(lines.filter((l) => l.event === 'tracker-failed').length, 2);
  clock.advance(599_000);
  await new Promise(setImmediate);
  assert.equal(heard.length, 1);
  clock.advance(1_000);
  await until(() => heard.length === 2 && clock.sleepers === 1);
  t.completed();
  await until(() => heard.length === 3);
  await t.close();
  assert.deepEqual(
    heard.map((a) => [a.infoHash, a.event, a.leftBytes]),
    ['started', undefined, 'completed', 'stopped'].map((event) => [infoHash, event, 3]),
  );
  assert.equal(clock.sleepers, 0);
  await new Promise((resolve) => server.close(resolve));
});

test('a UDP tracker is asked by its own protocol, and a lost or strange datagram is survived', async () => {
  const server = createSocket('udp4');
  const events: (string | undefined)[] = [];
  let strange = 0;
  server.on('message', (b, from) => {
    if (strange++ === 0) return server.send(Buffer.from('what?'), from.port, from.address);
    if (isConnectRequest(b)) {
      const answer = Buffer.alloc(16, 7);
      answer.writeUInt32BE(0, 0);
      b.copy(answer, 4, 12, 16);
      return server.send(answer, from.port, from.address);
    }
    const read = parseUdpAnnounceRequest(b);
    assert.ok(read.kind === 'ok' && read.value.infoHash === infoHash);
    events.push(read.value.event);
    const head = Buffer.alloc(20);
    head.writeUInt32BE(1, 0);
    head.writeUInt32BE(read.value.transactionId, 4);
    head.writeUInt32BE(900, 8);
    server.send(Buffer.concat([head, peers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const { t, found, clock } = client([`udp://127.0.0.1:${server.address().port}/announce`]);
  await until(() => found.length === 1 && clock.sleepers === 1);
  assert.deepEqual(found, [expected]);
  await t.close();
  assert.deepEqual(events, ['started', 'stopped']);
  server.close();
});
