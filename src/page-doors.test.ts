import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { PageDoors, type Place, pageAddresses } from './page-doors.ts';

const listen = (place: Place): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(place, () => resolve(server));
  });
const close = (server: Server | undefined) =>
  new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));

async function freePort(): Promise<number> {
  const server = await listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.address() as { port: number };
  await close(server);
  return port;
}

/** Real sockets, opened before others are closed, as the page does. */
async function house(t: TestContext, first: Place) {
  const open = new Map<string, Server>();
  const setPlaces = async (places: readonly Place[]): Promise<void> => {
    const fresh: [string, Server][] = [];
    try {
      for (const place of places)
        if (!open.has(JSON.stringify(place))) fresh.push([JSON.stringify(place), await listen(place)]);
    } catch (error) {
      for (const [, server] of fresh) await close(server);
      throw error;
    }
    for (const [key, server] of fresh) open.set(key, server);
    for (const key of [...open.keys()].filter((k) => !places.some((p) => JSON.stringify(p) === k))) {
      await close(open.get(key));
      open.delete(key);
    }
  };
  await setPlaces([first]);
  t.after(() => setPlaces([]));
  return {
    doors: new PageDoors(first, setPlaces),
    open: () => [...open.keys()].map((key) => JSON.parse(key) as Place),
  };
}

test('the old place stays until the new one is settled, and is there when it is gone back to', async (t) => {
  const [a, b] = [
    { host: '127.0.0.1', port: await freePort() },
    { host: '127.0.0.2', port: await freePort() },
  ];
  const { doors, open } = await house(t, a);
  await doors.open(b);
  assert.deepEqual(open(), [a, b]);
  await doors.open(a);
  await doors.settle();
  assert.deepEqual(open(), [a]);
  await doors.open(b);
  await doors.settle();
  assert.deepEqual(open(), [b]);
  await doors.open(b);
  assert.deepEqual(open(), [b]);
});

test('one port at every address takes the place of the same port at one, and gives it back', async (t) => {
  const port = await freePort();
  const [one, all] = [
    { host: '127.0.0.1', port },
    { host: '0.0.0.0', port },
  ];
  const { doors, open } = await house(t, one);
  await doors.open(all);
  assert.deepEqual(open(), [all]);
  await doors.open(one);
  await doors.settle();
  assert.deepEqual(open(), [one]);
});

test('a place that cannot be had leaves the page where it is', async (t) => {
  const port = await freePort();
  const one = { host: '127.0.0.1', port };
  const { doors, open } = await house(t, one);
  await assert.rejects(doors.open({ host: '192.0.2.1', port: await freePort() }));
  await assert.rejects(doors.open({ host: '192.0.2.1', port }));
  assert.deepEqual(open(), [one]);
  await doors.settle();
  assert.deepEqual(open(), [one]);
});

test('where the page is to be opened is spelt as it is typed', () => {
  assert.deepEqual(pageAddresses({ host: '127.0.0.1', port: 80 }, ['a.example']), ['http://127.0.0.1:80/']);
  assert.deepEqual(pageAddresses({ host: '2001:db8::1', port: 443 }, ['a.example']), [
    'https://[2001:db8::1]:443/',
    'https://a.example:443/',
  ]);
  assert.deepEqual(pageAddresses({ path: '/run/page.sock' }, ['a.example']), []);
  assert.ok(pageAddresses({ host: '0.0.0.0', port: 1 }, []).every((at) => !at.includes('127.0.0.1')));
});
