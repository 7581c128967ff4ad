import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Clock } from '#base/clock.ts';
import { anyCharacter } from '#base/fixtures.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { type AddressSettings, addressProblems } from './address-settings.ts';
import { temporaryFolder } from './fixtures.ts';
import { filesFor, settingsIn } from './networkd-files.ts';
import { OwnAddress } from './own-address.ts';
import type { Run } from './programs.ts';

const fixed = (addresses: string[], gateways: string[] = [], dns: string[] = []): AddressSettings => ({
  kind: 'static',
  addresses,
  gateways,
  dns,
});
const codes = (settings: AddressSettings) => addressProblems(settings).map(({ path, code }) => `${path} ${code}`);

test('an address that cannot work is refused, with the field that is wrong', () => {
  for (const good of [
    { kind: 'none' },
    { kind: 'dhcp', vlan: 4094 },
    fixed(['192.0.2.9/24'], ['192.0.2.1'], ['9.9.9.9', '2620:fe::fe']),
    fixed(['192.0.2.9/31'], ['192.0.2.8']),
    fixed(['192.0.2.9/24', '2001:db8::9/64'], ['192.0.2.1', 'fe80::1']),
    fixed(['169.254.7.7/16']),
  ] as AddressSettings[])
    assert.deepEqual(codes(good), [], JSON.stringify(good));
  assert.deepEqual(codes(fixed([])), ['addresses too-few']);
  assert.deepEqual(codes(fixed(['192.0.2.9'])), ['addresses.0 wrong-format']);
  for (const bad of [
    '192.0.2.9/33',
    '192.0.2.9/0',
    '2001:db8::1/129',
    'fe80::1%br0/64',
    '01.2.3.4/8',
    '::ffff:192.0.2.1/120',
    '::FFFF:c000:201/120',
    'x\nDHCP=yes/8',
  ])
    assert.deepEqual(codes(fixed([bad])), ['addresses.0 wrong-format'], bad);
  for (const bad of [
    '224.0.0.1/24',
    '255.255.255.255/32',
    '127.0.0.1/8',
    '0.0.0.0/8',
    '::1/128',
    'ff02::1/64',
    '::/64',
  ])
    assert.deepEqual(codes(fixed([bad])), ['addresses.0 conflict'], bad);
  for (const edge of ['192.0.2.0/24', '192.0.2.255/24', '10.0.0.0/8'])
    assert.deepEqual(codes(fixed([edge])), ['addresses.0 conflict'], edge);
  assert.deepEqual(codes(fixed(['2001:db8::9/64', '2001:DB8:0::9/64'])), ['addresses.1 not-unique']);
  const own = '192.0.2.9/24';
  assert.deepEqual(codes(fixed([own], ['192.0.3.1'])), ['gateways.0 conflict'], 'outside');
  assert.deepEqual(codes(fixed([own], ['192.0.2.9'])), ['gateways.0 conflict'], 'the box itself');
  assert.deepEqual(codes(fixed([own], ['fe80::1', 'fe80::2'])), ['gateways.1 not-unique']);
  assert.deepEqual(codes(fixed([own], [], ['224.0.0.1', 'router'])), ['dns.0 conflict', 'dns.1 wrong-format']);
  assert.deepEqual(codes({ kind: 'dhcp', vlan: 4095 }), ['vlan wrong-format']);
});

test('whatever is accepted, the files say it, and nothing else', () => {
  const text = fc.oneof(
    fc.ipV4().chain((ip) => fc.nat(40).map((bits) => `${ip}/${bits}`)),
    fc.ipV6().chain((ip) => fc.nat(140).map((bits) => `${ip}/${bits}`)),
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: anyCharacter }),
  );
  const list = fc.array(text, { maxLength: 10 });
  const settings = fc.record(
    { kind: fc.constant('static' as const), addresses: list, gateways: list, dns: list, vlan: fc.integer() },
    { requiredKeys: ['kind', 'addresses', 'gateways', 'dns'] },
  );
  fc.assert(
    fc.property(settings, (wished) => {
      if (addressProblems(wished).length > 0) return;
      const files = filesFor('br0', wished);
      assert.deepEqual(settingsIn(files['05-swarmbox-bridge.network']), wished);
      for (const file of Object.values(files))
        for (const line of file.split('\n'))
          assert.match(line, /^($|#|\[[A-Za-z]+\]$|[A-Za-z0-9]+=[0-9A-Za-z:./]+$)/, 'no line of a stranger');
    }),
  );
  fc.assert(fc.property(fc.string(), (said) => settingsIn(said) === undefined));
  fc.assert(fc.property(fc.json(), (said) => void settingsIn(`# swarmbox: ${said}`)));
});

test('whatever address the box has, systemd-networkd is told of the neighbours that the bridge script lays', () => {
  const root = join(import.meta.dirname, '../..');
  const script = readFileSync(join(root, 'firmware/network/bridge-up.sh'), 'utf8');
  const word = (name: string): string => new RegExp(`\\b${name}=([0-9a-f:.]+)`).exec(script)?.[1] ?? '';
  const laid = ['169', 'fe80'].flatMap((start) =>
    (['LAN', 'WAN'] as const).map((side) => {
      const address = new RegExp(`${side.toLowerCase()}_hop=(${start}[0-9a-f:.]+)`).exec(script)?.[1];
      return `[Neighbor]\nAddress=${address}\nLinkLayerAddress=${word(`${side}HOP`)}\n`;
    }),
  );
  assert.match(laid.join(''), /169\.254\.77\.1\nLinkLayerAddress=02:1c:00:00:00:0a/);
  const path = 'firmware/root/usr/lib/systemd/network/50-swarmbox-bridge.network';
  const files = [readFileSync(join(root, path), 'utf8'), ...Object.values(filesFor('br0', { kind: 'dhcp' }))];
  for (const settings of [{ kind: 'none' } as const, fixed(['192.0.2.9/24']), { kind: 'dhcp', vlan: 7 } as const])
    files.push(...Object.values(filesFor('br0', settings)).filter((file) => file.includes('[Network]')));
  for (const file of files) for (const neighbour of laid) assert.ok(file.includes(neighbour), `${neighbour}\n${file}`);
});

/** Time that stands still until it is told. */
class StillClock implements Clock {
  readonly #waiting: (() => void)[] = [];
  nowMs(): number {
    return 1_000;
  }
  sleep(_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }
  get asleep(): number {
    return this.#waiting.length;
  }
  pass(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

class Bench implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly networkDir = join(this.#folder.path, 'network');
  readonly clock = new StillClock();
  readonly asked: string[] = [];
  fails: string | undefined;
  has: readonly string[] = ['192.0.2.50/24'];
  #scope = new Scope(() => {});
  own: OwnAddress;

  constructor(link = 'ADMIN_STATE=configured\n') {
    const at = this.#folder.path;
    for (const path of ['network', 'links', 'net/br0']) mkdirSync(join(at, path), { recursive: true });
    writeFileSync(join(at, 'net/br0/ifindex'), '4\n');
    if (link !== '') writeFileSync(join(at, 'links/4'), link);
    this.own = this.#new();
  }

  #new(): OwnAddress {
    const at = this.#folder.path;
    const run: Run = async (program, args) => {
      this.asked.push([program, ...args].join(' '));
      return this.fails === undefined ? { ok: true, output: '' } : { ok: false, why: this.fails };
    };
    return new OwnAddress({
      bridge: 'br0',
      run,
      clock: this.clock,
      scope: this.#scope,
      log: silentLog,
      pendingFile: join(at, 'pending.json'),
      networkDir: this.networkDir,
      linksDir: join(at, 'links'),
      net: join(at, 'net'),
      hasSystemd: true,
      addressesOf: () => this.has,
    });
  }

  /** The daemon is killed, and another one begins. */
  async restart(): Promise<void> {
    await this.#scope.close();
    this.#scope = new Scope(() => {});
    this.own = this.#new();
    await this.own.start();
  }

  files(): Record<string, string> {
    return Object.fromEntries(
      readdirSync(this.networkDir).map((name) => [name, readFileSync(join(this.networkDir, name), 'utf8')]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope.close();
    this.#folder[Symbol.dispose]();
  }
}

const wished = fixed(['192.0.2.9/24'], ['192.0.2.1']);

test('a change is applied at once, tells where to confirm it, and stays when it is confirmed', async () => {
  await using bench = new Bench();
  assert.deepEqual(await bench.own.change(wished), { kind: 'done' });
  assert.deepEqual(bench.asked, ['networkctl reload', 'networkctl reconfigure br0']);
  const view = await bench.own.view();
  assert.deepEqual(
    [view.settings, view.unconfirmed?.addresses, view.unconfirmed?.untilMs],
    [wished, ['192.0.2.9'], 91_000],
  );
  assert.equal((await bench.own.change({ kind: 'dhcp' })).kind, 'conflict', 'one at a time');
  assert.equal((await bench.own.confirm('wrong')).kind, 'stale');
  assert.equal((await bench.own.confirm(String(view.unconfirmed?.token))).kind, 'done');
  const files = bench.files();
  bench.clock.pass();
  await bench.restart();
  assert.deepEqual(bench.files(), files);
  assert.equal((await bench.own.view()).unconfirmed, undefined);
  assert.equal((await bench.own.revert()).kind, 'stale');
});

test('what nobody confirms takes itself back; so does what was not confirmed when the daemon was killed', async () => {
  await using bench = new Bench();
  await bench.own.change(wished);
  await bench.own.confirm(String((await bench.own.view()).unconfirmed?.token));
  const before = bench.files();
  await bench.own.change({ kind: 'dhcp', vlan: 20 });
  assert.deepEqual(Object.keys(bench.files()).sort(), [
    '05-swarmbox-bridge.network',
    '05-swarmbox-vlan.netdev',
    '05-swarmbox-vlan.network',
  ]);
  bench.clock.pass();
  while ((await bench.own.view()).unconfirmed) await nextTurn();
  assert.deepEqual(bench.files(), before);
  assert.ok(bench.asked.includes('networkctl delete br0.20'), 'and its device goes');
  await bench.own.change({ kind: 'none' });
  assert.notDeepEqual(bench.files(), before);
  await bench.restart();
  assert.deepEqual(bench.files(), before);
  await bench.own.change({ kind: 'none' });
  assert.equal((await bench.own.revert()).kind, 'done');
  assert.deepEqual(bench.files(), before);
});

test('what cannot be taken back, or not just now, is tried again', async () => {
  await using bench = new Bench();
  await bench.own.change(wished);
  bench.fails = 'networkctl: Connection refused';
  assert.equal((await bench.own.revert()).kind, 'failed');
  bench.clock.pass();
  while (bench.clock.asleep === 0) await nextTurn();
  assert.ok((await bench.own.view()).unconfirmed);
  // Somebody asks for something else at the very moment.
  const asked = bench.own.confirm('wrong');
  bench.fails = undefined;
  bench.clock.pass();
  await asked;
  while ((await bench.own.view()).unconfirmed) {
    bench.clock.pass();
    await nextTurn();
  }
  assert.deepEqual(bench.files(), {});

  await bench.own.change(wished);
  bench.fails = 'networkctl: Connection refused';
  await bench.restart();
  bench.fails = undefined;
  bench.asked.length = 0;
  bench.clock.pass();
  while ((await bench.own.view()).unconfirmed) await nextTurn();
  assert.deepEqual(bench.asked, ['networkctl reload', 'networkctl reconfigure br0']);
});

test('a change that networkd refuses leaves nothing', async () => {
  await using bench = new Bench();
  bench.fails = 'networkctl: Access denied';
  const changed = await bench.own.change(wished);
  assert.ok(changed.kind === 'failed' && changed.text === bench.fails);
  assert.deepEqual(bench.files(), {});
  bench.fails = undefined;
  await bench.restart();
  assert.deepEqual([bench.files(), (await bench.own.view()).unconfirmed], [{}, undefined]);
});

test('an address that somebody else gave is shown, not changed', async () => {
  await using bench = new Bench('ADMIN_STATE=unmanaged\n');
  const view = await bench.own.view();
  assert.deepEqual([view.canChange, view.addresses], [false, ['192.0.2.50/24']]);
  assert.equal((await bench.own.change(wished)).kind, 'not-available');
  assert.deepEqual(bench.files(), {});
  bench.has = ['fe80::1/64'];
  assert.equal((await bench.own.view()).canChange, true, 'a bridge without an address is nobody’s');
});
