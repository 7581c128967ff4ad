import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#base/endpoint.ts';
import { encodePex, type PexPeer, parsePex } from '#wire/pex.ts';
import { CLIENT_LIMITS } from './limits.ts';
import { PeerExchange } from './peer-exchange.ts';

const peer = (port: number): PexPeer => ({ endpoint: { ip: '203.0.113.7', port }, flags: 0x10 });
const ports = (endpoints: readonly Endpoint[]): number[] => endpoints.map((e) => e.port);

function setUp(swarm: PexPeer[] | undefined) {
  const at = { nowMs: 1_000_000, swarm };
  const told: Endpoint[] = [];
  const offered: Endpoint[] = [];
  const pex = new PeerExchange(
    {
      swarm: () => at.swarm,
      told: (endpoints) => told.push(...endpoints),
      offer: (endpoints) => offered.push(...endpoints),
      nowMs: () => at.nowMs,
    },
    CLIENT_LIMITS,
  );
  pex.theirId = 5;
  const due = (): { added: number[]; dropped: number[] } | undefined => {
    const message = pex.due();
    if (!message) return undefined;
    assert.equal(message.id, 5);
    const read = parsePex(message.payload);
    const { added, dropped } = read.kind === 'ok' ? read.value : assert.fail(read.why);
    return { added: ports(added.map((p) => p.endpoint)), dropped: ports(dropped) };
  };
  return { at, told, offered, pex, due };
}

test('a client is told what is new and what is gone, once a minute at most', () => {
  const { at, due, told } = setUp([peer(1), peer(2)]);
  assert.deepEqual(due(), { added: [1, 2], dropped: [] });
  assert.deepEqual(ports(told), [1, 2], 'the house knows before the client does');
  at.swarm = [peer(2), peer(3)];
  at.nowMs += CLIENT_LIMITS.pexEveryMs - 1;
  assert.equal(due(), undefined);
  at.nowMs += 1;
  assert.deepEqual(due(), { added: [3], dropped: [1] });
  at.nowMs += CLIENT_LIMITS.pexEveryMs;
  assert.equal(due(), undefined, 'no news');
});

test('a message names fifty at most; the rest comes with the next', () => {
  const { at, due } = setUp(Array.from({ length: 70 }, (_, i) => peer(i + 1)));
  assert.equal(due()?.added.length, 50);
  at.nowMs += CLIENT_LIMITS.pexEveryMs;
  assert.equal(due()?.added.length, 20);
});

test('of a torrent that may be private nothing is said and nothing heeded (BEP 27)', () => {
  const { pex, due, offered } = setUp(undefined);
  assert.equal(due(), undefined);
  pex.receive(encodePex({ added: [peer(1)], dropped: [] }));
  assert.deepEqual(offered, []);
});

test('a client that does not know the extension is told nothing', () => {
  const { pex, due } = setUp([peer(1)]);
  pex.theirId = undefined;
  assert.equal(due(), undefined);
});

test('what a client tells is heeded, as often as honest ones tell', () => {
  const { at, pex, offered } = setUp([]);
  pex.receive(Buffer.from('not bencode'));
  for (let port = 1; port <= 10; port++) pex.receive(encodePex({ added: [peer(port)], dropped: [] }));
  assert.deepEqual(ports(offered), [1, 2]);
  at.nowMs += CLIENT_LIMITS.pexHeardEveryMs;
  for (let port = 11; port <= 20; port++) pex.receive(encodePex({ added: [peer(port)], dropped: [] }));
  assert.deepEqual(ports(offered), [1, 2, 11]);
});
