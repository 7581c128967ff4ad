import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from './config.ts';

const least = { lan: 'eth0', wan: 'eth1', dataDir: '/var/lib/swarmbox' };
const refused = (over: object): string => {
  try {
    parseConfig(JSON.stringify({ ...least, ...over }));
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

test('two ports and a data folder are enough', () => {
  const config = parseConfig(JSON.stringify(least));
  assert.equal(config.listenPort, 7000);
  assert.deepEqual(config.admin, { host: '127.0.0.1', port: 8080 });
});

test('every mistake is told by the name of its setting', () => {
  assert.match(refused({ lan: 'eth0"; drop' }), /"lan" must be an interface name/);
  assert.match(refused({ wan: 'eth0' }), /two ports/);
  assert.match(refused({ dataDir: 'data' }), /"dataDir" must be an absolute path/);
  assert.match(refused({ listenPort: 0 }), /"listenPort" must be a port/);
  assert.match(refused({ admin: { host: '::1' } }), /"admin" must be a port/);
  assert.match(refused({ slotz: 1 }), /no setting called "slotz"/);
  assert.throws(() => parseConfig('{'), /not JSON/);
  assert.throws(() => parseConfig('[]'), /JSON object/);
});
