import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  centralTopology,
  controlTopology,
  dataTopology,
  isName,
  keyFrom,
  keyToNode,
  keyToSite,
  senderOf,
} from './names.ts';
import { centralRights, definitionsOf, relayRights, terminalRights } from './rights.ts';
import { topicMatches } from './topic.ts';

test('a name can be nothing that means more in a key or a pattern', () => {
  for (const name of ['box-0001', 'a', '0', 'a'.repeat(63)]) assert.ok(isName(name), name);
  for (const name of ['', '-a', 'a.b', '*', '#', 'A', 'a b', 'a/b', '名', 'a'.repeat(64), 'a\n'])
    assert.ok(!isName(name), JSON.stringify(name));
  assert.throws(() => keyToSite('*', 'go'), /bug/);
  assert.throws(() => controlTopology('a.b', 's1'), /bug/);
  assert.throws(() => terminalRights('box-0001', '.*'), /bug/);
  assert.throws(() => terminalRights('.*', 's1'), /bug/);
});

test('who spoke is known by the key, and by nothing but a whole one', () => {
  assert.deepEqual(senderOf(keyFrom('box-0001', 'hello')), { node: 'box-0001', type: 'hello' });
  for (const key of ['', 'box-0001', 'box-0001.', '.hello', 'box-0001.hello.x', '*.hello'])
    assert.equal(senderOf(key), undefined);
});

test('a node hears what is for all, its site and itself, and nothing else', () => {
  for (const { bindings } of [controlTopology('n1', 's1'), dataTopology('n1', 's1')]) {
    const hears = (key: string) => bindings.some((binding) => topicMatches(binding.key, key));
    for (const key of ['all.go', keyToSite('s1', 'go'), keyToNode('n1', 'go')]) assert.ok(hears(key), key);
    for (const key of [keyToSite('s2', 'go'), keyToNode('n2', 'go'), 'go', 'all.go.now']) assert.ok(!hears(key), key);
  }
});

test('rights cover what their role declares, and not what is another’s', () => {
  const own = [controlTopology('n1', 's1'), dataTopology('n1', 's1')];
  for (const rights of [terminalRights('n1', 's1'), relayRights('n1', 's1')]) {
    for (const { queues, bindings } of own) {
      for (const { name } of queues) assert.match(name, new RegExp(rights.configure));
      for (const { queue, exchange, key } of bindings) {
        assert.match(queue, new RegExp(rights.write));
        assert.match(exchange, new RegExp(rights.read));
        const topic = rights.topics.find((t) => t.exchange === exchange);
        assert.match(key, new RegExp(topic?.read ?? '$^'));
      }
    }
    for (const name of ['inbox.n2.ctl', 'inbox.n1.ctl2', 'xinbox.n1.ctl', 'inbox-n1.ctl', 'central.up'])
      for (const pattern of [rights.configure, rights.write, rights.read])
        assert.doesNotMatch(name, new RegExp(pattern));
  }
  const central = centralRights();
  const { exchanges, queues } = centralTopology();
  for (const { name } of [...exchanges, ...queues]) assert.match(name, new RegExp(central.configure));
});

test('a user without a password has none, and one with it never in clear', () => {
  const rights = terminalRights('n1', 's1');
  const text = JSON.stringify(
    definitionsOf('fleet', [
      { name: 'n1', rights },
      { name: 'n2', password: 'secret', rights },
    ]),
  );
  const { users } = JSON.parse(text) as { users: { name: string; password_hash: string }[] };
  assert.equal(users[0]?.password_hash, '');
  assert.equal(Buffer.from(users[1]?.password_hash ?? '', 'base64').length, 36);
  assert.doesNotMatch(text, /secret/);
});
