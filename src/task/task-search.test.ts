import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { infoHashOf } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodePex } from '#wire/pex.ts';
import { handshake, nothing, origin, taskOf, torrent, until } from './fixtures.ts';
import { LIMITS } from './limits.ts';

test('of a link, only one without a tracker that may be private is looked up in the DHT before it is known', async (t) => {
  const asked: string[] = [];
  const tracker = 'http://203.0.113.9:1/passkey/announce';
  const [bare, tracked] = [[], [tracker]].map((trackers) => {
    const dial = () => Promise.reject(new Error('nobody listens'));
    const lookUp = async () => void asked.push(trackers[0] ?? 'bare');
    const { task } = taskOf(t, nothing, { dial, lookUp });
    task.order({ info: undefined, layers: undefined, trackers });
    return task;
  });
  assert.ok(bare && tracked);
  await until('the DHT is asked', () => asked.length > 0);
  await sleep(LIMITS.tickMs);
  assert.deepEqual(asked, ['bare']);
});

test('peers that a client names are learned for it and dialled; machines of the LAN and the box itself are not', async (t) => {
  const dialled = new Set<string>();
  const told: [string, number][] = [];
  const known = { ...nothing, info: torrent.meta.infoBytes };
  const { task } = taskOf(t, known, {
    dial: async ({ endpoint }) => {
      dialled.add(endpoint.ip);
      throw new Error('nobody listens');
    },
    told: (client, endpoints) => void told.push([client, endpoints.length]),
    isBox: ({ ip }) => ip === '203.0.113.99',
  });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  const ips = ['203.0.113.7', '203.0.113.99', '192.168.1.9'];
  const added = ips.map((ip) => ({ endpoint: { ip, port: 6881 }, flags: 0 }));
  stream.data(encodeMessage({ kind: 'extended', id: 2, payload: encodePex({ added, dropped: [] }) }));
  await until('dialled', () => dialled.size > 0);
  await sleep(20);
  assert.deepEqual([...dialled], ['203.0.113.7']);
  assert.deepEqual(told, [[stream.remote.ip, 1]]);
});

test('with hardly any origin its peers are looked up in the DHT; not those of a private torrent (BEP 27)', async (t) => {
  for (const isPrivate of [false, true]) {
    let laterMs = 0;
    let lookedUp = 0;
    const info = Buffer.concat([
      torrent.meta.infoBytes.subarray(0, -1),
      Buffer.from(isPrivate ? '7:privatei1ee' : 'e'),
    ]);
    const infoHash = infoHashOf(createHash('sha1').update(info).digest());
    const { task } = taskOf(
      t,
      { ...nothing, info },
      {
        clock: { ...realClock, nowMs: () => Date.now() + laterMs },
        lookUp: async (found) => {
          lookedUp++;
          found([origin.endpoint, { ip: '192.168.1.9', port: 6881 }]);
        },
      },
      infoHash,
    );
    task.join(new TestStream(), { ...handshake, infoHash }, Buffer.alloc(0));
    await until('down', () => task.view().state === 'down');
    laterMs = 4_000;
    if (isPrivate) await sleep(2_200);
    else await until('complete', () => task.view().state === 'complete');
    assert.equal(lookedUp, isPrivate ? 0 : 1);
  }
});
