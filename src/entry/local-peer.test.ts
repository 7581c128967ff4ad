import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLine, logTo } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { infoHashOf } from '#base/units.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import { MseInitiator, SkeyTable } from '#wire/mse.ts';
import { bridgeAddresses } from './bridge-addresses.ts';
import { hash } from './fixtures.ts';
import { type LocalArrival, LocalPeer } from './local-peer.ts';

const infoHash = infoHashOf(hash);
const handshake = encodeHandshake({ infoHash, peerId: newPeerId() });

/** The loopback device in the bridge's place: it has an address of either family, and multicast reaches nobody. */
async function setUp(t: TestContext, bridge = 'lo') {
  const spare = createServer().listen(0, '127.0.0.1');
  await once(spare, 'listening');
  const { port } = spare.address() as { port: number };
  await new Promise((resolve) => spare.close(resolve));
  const scope = new Scope((error) => assert.fail(error as Error));
  t.after(() => scope.close());
  const skeys = new SkeyTable();
  skeys.add(infoHash);
  const lines: LogLine[] = [];
  const arrivals: LocalArrival[] = [];
  const arrived = Promise.withResolvers<LocalArrival>();
  const world = {
    skeys,
    announceable: () => true,
    hot: () => [],
    arrived: (a: LocalArrival) => {
      arrivals.push(a);
      arrived.resolve(a);
    },
  };
  const peer = LocalPeer.start(
    bridge,
    port,
    world,
    scope,
    logTo((line) => lines.push(line)),
  );
  while (lines.filter((line) => line.fields.about === 'IPv4').length === 0) await sleep(5);
  const dial = async (): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port });
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  return { peer, port, lines, arrived: arrived.promise, dial, scope };
}

test('a client that dials the box is recognised, in clear and encrypted', async (t) => {
  for (const speech of ['plain', 'mse'] as const) {
    const { arrived, dial, peer, port } = await setUp(t);
    const socket = await dial();
    if (speech === 'plain') socket.write(handshake);
    else {
      const initiator = new MseInitiator(infoHash, handshake);
      socket.on('data', (bytes: Buffer) => {
        const step = initiator.push(bytes);
        if (step.kind === 'more') for (const part of step.send) socket.write(part);
      });
      socket.write(initiator.start());
    }
    const { recognised, client, at } = await arrived;
    assert.equal(recognised.kind === 'peer' && recognised.handshake.infoHash, infoHash);
    assert.equal(client.ip, '127.0.0.1');
    assert.deepEqual(at, { ip: '127.0.0.1', port });
    assert.equal(peer.clients, 1);
    assert.ok(peer.isBox(at));
    assert.ok(!peer.isBox({ ip: '127.0.0.1', port: port + 1 }));
  }
});

test('who speaks anything else is handed on as such, to be closed', async (t) => {
  const { arrived, dial } = await setUp(t);
  (await dial()).write('GET / HTTP/1.1\r\nHost: box\r\n\r\n');
  assert.equal((await arrived).recognised.kind, 'other');
});

test('when it ends, its port and its connections are gone', async (t) => {
  const { dial, scope, peer } = await setUp(t);
  const socket = await dial();
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  while (peer.clients === 0) await sleep(1);
  await scope.close();
  await closed;
  await assert.rejects(dial(), /ECONNREFUSED/);
});

test('without an address on the bridge it rests, and says so once', async (t) => {
  const { lines, peer } = await setUp(t, 'no-such-bridge');
  peer.heard({
    client: '10.0.0.1',
    infoHash,
    from: 'lsd',
    leftBytes: undefined,
    event: undefined,
    tracker: undefined,
    lsd: { cookie: 'x' },
  });
  assert.deepEqual(
    lines.map(({ fields }) => `${fields.about} ${fields.what}`),
    ['IPv4 rests: the bridge has no address to listen at', 'IPv6 rests: the bridge has no address to listen at'],
  );
});

test('the bridge and its VLAN devices are where the box has neighbours; a link-local address only for want of another', () => {
  const at = (address: string) => ({ address, family: address.includes(':') ? 'IPv6' : 'IPv4' });
  const interfaces = {
    br0: [at('192.168.1.2'), at('fe80::2'), at('2001:db8::2')],
    'br0.10': [at('fe80::10')],
    br01: [at('10.0.0.1')],
    eth2: [at('10.1.0.1')],
  } as unknown as Parameters<typeof bridgeAddresses>[1];
  assert.deepEqual(
    bridgeAddresses('br0', interfaces).map((a) => `${a.device} ${a.ip}`),
    ['br0 192.168.1.2', 'br0 2001:db8::2', 'br0.10 fe80::10'],
  );
});
