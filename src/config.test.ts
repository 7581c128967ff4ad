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
  assert.equal(config.scrubMBps, 4);
  assert.deepEqual(config.admin, { host: '127.0.0.1', port: 8080 });
  const optOut = ['192.168.1.7', '10.0.0.0/8', '2001:db8::/32'];
  assert.deepEqual(parseConfig(JSON.stringify({ ...least, optOut })).optOut, optOut);
});

test('a group of settings keeps the defaults of what is not given', () => {
  const { localPeer } = parseConfig(JSON.stringify({ ...least, localPeer: { enabled: false } }));
  assert.deepEqual(localPeer, { enabled: false, port: 6881 });
});

test('without limits there is none; each may be given alone', () => {
  assert.deepEqual(parseConfig(JSON.stringify(least)).limits, {});
  const limits = { clientMbps: 100_000, boxMbps: 0.1 };
  assert.deepEqual(parseConfig(JSON.stringify({ ...least, limits })).limits, limits);
});

test('of the uplink what is not given stays: no limit, and way is made for others', () => {
  assert.deepEqual(parseConfig(JSON.stringify(least)).uplink, { hours: [], yield: true, wasteShare: 0.1 });
  const hours = [{ from: '08:00', to: '24:00', mbps: 20 }];
  const uplink = { mbps: 50, hours, dayGB: 0.5 };
  assert.deepEqual(parseConfig(JSON.stringify({ ...least, uplink })).uplink, {
    ...uplink,
    yield: true,
    wasteShare: 0.1,
  });
});

test('pre-filling has a night, and half of the day where a day has a limit', () => {
  const night = [{ from: '02:00', to: '07:00' }];
  assert.deepEqual(parseConfig(JSON.stringify(least)).prefill, { hours: night, dayShare: 0.5 });
  const prefill = { hours: [] };
  assert.deepEqual(parseConfig(JSON.stringify({ ...least, prefill })).prefill, { hours: [], dayShare: 0.5 });
});

test('info-hashes are read in either case, those of v2 torrents as the wire cuts them', () => {
  const { block, allow } = parseConfig(JSON.stringify({ ...least, block: ['A'.repeat(40), 'b'.repeat(64)] }));
  assert.deepEqual([block, allow], [['a'.repeat(40), 'b'.repeat(40)], undefined]);
});

test('every mistake is told by the name of its setting, and what it must be', () => {
  assert.match(refused({ lan: 'eth0"; drop' }), /"lan" must be an interface name/);
  assert.match(refused({ lan: undefined }), /"lan" is missing: it must be an interface name/);
  assert.match(refused({ wan: 'eth0' }), /"wan" must differ from "lan"/);
  assert.match(refused({ dataDir: 'data' }), /"dataDir" must be an absolute path/);
  assert.match(refused({ listenPort: 0 }), /"listenPort" must be a port/);
  for (const admin of [{ host: '::1' }, { path: '/a', port: 1 }, {}, 7])
    assert.match(refused({ admin }), /"admin(\.\w+)?" (must be|is missing)/, JSON.stringify(admin));
  assert.match(refused({ admin: { path: 'page.sock' } }), /"admin" must be an object with host and port, or with path/);
  assert.match(refused({ vlans: [10, 10] }), /"vlans.1" must be a VLAN id/);
  assert.match(refused({ vlans: 10 }), /"vlans" must be a list of at most 64 different VLAN ids/);
  assert.match(refused({ vlans: [4095] }), /"vlans.0"/);
  assert.equal(refused({ vlans: [1, 4094] }), 'accepted');
  assert.match(refused({ optOut: '10.0.0.1' }), /"optOut" must be a list of at most 1000 addresses or networks/);
  for (const optOut of [[7], ['10.0.0.0/33'], ['::/129'], ['10.0.0.1; drop'], ['example.org'], ['1.2.3']])
    assert.match(refused({ optOut }), /"optOut.0" must be an address or network/, JSON.stringify(optOut));
  assert.match(refused({ neverSteer: [''] }), /"neverSteer.0" must be an address/);
  for (const scrubMBps of [-1, 0.01, 10_001, '4', null])
    assert.match(refused({ scrubMBps }), /"scrubMBps" must be a number of MB\/s from 0.1 to 10000, or 0/);
  for (const scrubMBps of [0, 0.1, 2.5]) assert.equal(refused({ scrubMBps }), 'accepted');
  for (const clients of [0, 1.5, 30_001, '9'])
    assert.match(refused({ clients }), /"clients" must be a whole number from 1 to 30000/);
  assert.match(refused({ trace: 'no' }), /"trace" must be true or false/);
  assert.match(refused({ seatRule: 'x' }), /"seatRule" must be one of "priced", "plain"/);
  assert.match(refused({ slotz: 1 }), /no setting called "slotz"/);
  assert.match(refused({ localPeer: true }), /"localPeer" must be an object with enabled, port/);
  assert.match(refused({ localPeer: { port: 0 } }), /"localPeer.port" must be a port/);
  assert.match(refused({ localPeer: { prot: 1 } }), /no setting called "localPeer.prot"/);
  assert.match(refused({ localPeer: { port: 7000 } }), /"localPeer.port" must differ from "listenPort"/);
  assert.match(refused({ block: ['b'.repeat(41)] }), /"block.0" must be an info-hash/);
  assert.match(refused({ allow: 'b'.repeat(40) }), /"allow" must be a list of/);
  assert.match(refused({ dht: { bootstrap: ['::1:80'] } }), /"dht.bootstrap.0" must be "host:port"/);
  assert.equal(refused({ dht: { bootstrap: ['[::1]:80', '10.0.0.1:1', 'a.example:2'] } }), 'accepted');
  assert.match(refused({ limits: { boxMbps: 0 } }), /"limits.boxMbps" must be a number of Mbit\/s/);
  assert.match(
    refused({ limits: { taskMbps: '5' } }),
    /"limits.taskMbps" must be a number of Mbit\/s from 0.1 to 100000/,
  );
  assert.match(refused({ limits: { mbps: 5 } }), /no setting called "limits.mbps"/);
  assert.match(refused({ uplink: { mbps: 0 } }), /"uplink.mbps" must be a number of Mbit\/s/);
  for (const hour of [
    { from: '8:00', to: '24:00', mbps: 1 },
    { from: '08:00', to: '24:30', mbps: 1 },
    { from: '08:00' },
    7,
  ])
    assert.match(
      refused({ uplink: { hours: [hour] } }),
      /"uplink.hours.0[.a-z]*" (must be|is missing)/,
      JSON.stringify(hour),
    );
  assert.match(refused({ uplink: { dayGB: 0 } }), /"uplink.dayGB" must be a number of GB/);
  assert.match(refused({ prefill: { hours: '02:00' } }), /"prefill.hours" must be a list of at most 24 such as/);
  for (const hours of [[{ from: '2:00', to: '07:00' }], [{ from: '02:00' }], [{ from: '02:00', to: '07:00', mbps: 1 }]])
    assert.match(refused({ prefill: { hours } }), /"prefill.hours.0/);
  assert.match(refused({ prefill: { dayShare: -1 } }), /"prefill.dayShare" must be a share from 0 to 1/);
  assert.match(refused({ uplink: { wasteShare: 2 } }), /"uplink.wasteShare" must be a share from 0 to 1/);
  assert.match(refused({ uplink: { yield: 'no' } }), /"uplink.yield" must be true or false/);
  assert.match(refused({ syslog: { protocol: 'tls' } }), /"syslog.protocol" must be "udp" or "tcp"/);
  assert.match(refused({ names: ['10.0.0.1'] }), /"names.0" must be a host name/);
  assert.match(refused({ clientHistory: { keepDays: 0 } }), /"clientHistory.keepDays" must be a whole number/);
  assert.throws(() => parseConfig('{'), /not JSON/);
  assert.throws(() => parseConfig('[]'), /JSON object/);
});
