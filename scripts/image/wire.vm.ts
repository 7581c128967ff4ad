/** A box from its first start on: what it is for, and what of it stays when something fails. One machine, started once; the tests follow each other. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HTTP_URL, httpFileSha1 } from '../cafe/servers.ts';
import { say } from './figures.ts';
import type { Beats } from './heartbeat.ts';
import { BUILT, type Heartbeat, Lab, START_S } from './lab.ts';

const ACCOUNT = { name: 'operator', password: 'a box of my own' };
const SETTLED = join(BUILT, 'test/settled.img');
/** What a start has used is given back by then. */
const REST_MS = 60_000;
/** As long as a fault is looked at, at least. */
const LOOK_MS = 15_000;

const image = (await readdir(BUILT).catch(() => [])).find((name) => name.endsWith('.img'));
const skip =
  process.getuid?.() !== 0 ? 'needs root: it makes network namespaces' : !image && 'no image: make image builds it';

describe('a box that was flashed', { skip, timeout: 7_200_000 }, () => {
  let lab: Lab;
  let beats: Heartbeat;

  before(async () => {
    lab = await Lab.open(`sbi-${process.pid}-`, join(BUILT, image ?? ''));
  });
  after(async () => {
    await beats?.[Symbol.asyncDispose]();
    await lab?.[Symbol.asyncDispose]();
  });

  test('is a wire first, then answers, then says that it is good', async () => {
    const vm = await lab.start();
    const at: Record<string, number> = {};
    const steps = {
      wire: 'systemctl is-active -q swarmbox-bridge',
      answers: 'systemctl is-active -q swarmbox',
      good: 'systemctl is-active -q swarmbox-mark-good',
    };
    for (const [step, check] of Object.entries(steps)) {
      await vm.until(check, START_S).catch(async (error) => {
        throw new Error(`${error.message}\n${await lab.journal()}`);
      });
      const unit = check.split(' ').at(-1);
      at[step] = Number(await vm.text(`systemctl show -P ActiveEnterTimestampMonotonic ${unit}`)) / 1e6;
    }
    const usedMib = async (): Promise<number> =>
      Number(await vm.text("free -m | sed -n 's/^Mem: *[0-9]* *\\([0-9]*\\).*/\\1/p'"));
    const memoryMib = await usedMib();
    say('first start, seconds by its own clock', { ...at, processorS: await vm.cpuS(), memoryMib });
    assert.equal(await vm.text('systemctl --failed --no-legend --plain | cut -d" " -f1'), '', 'nothing failed');
    await lab.heard(/page: https:\/\/192\.168\.77\.2\d\d\nwire: yes {4}daemon: active/, 120);
    assert.match(await vm.text('findmnt -no OPTIONS /'), /^ro,/);
    assert.equal(await vm.text('hostname'), 'swarmbox-0c01');
    await sleep(REST_MS);
    const atRestMib = await usedMib();
    say('memory at rest', { usedMib: atRestMib });
    assert.ok(atRestMib <= 300, `${atRestMib} MiB are used at rest`);
  });

  test('has an address from the router, and its page is there for who sits in the LAN', async () => {
    const address = await lab.address();
    const page = await lab.curl(`https://${address}/`);
    assert.match(page.text, /<title>Swarmbox/);
    assert.equal(await lab.run('mdns.ts', 'swarmbox-0c01.local'), address, 'the LAN finds it by its name');
    await lab.ask('POST', '/api/set-up', { ...ACCOUNT, guestsMayLook: true });
    const view = JSON.parse((await lab.curl(`https://${address}/api/update`)).text) as { canUpdate: boolean };
    assert.equal(view.canUpdate, true, 'its slots are seen');
  });

  test('serves what it fetched once, with right bytes, also when the seeders are gone', async () => {
    const { cafe } = lab;
    const cold = await cafe.download(1, 'aria2');
    const { seconds: coldS } = await cold.complete(600);
    assert.deepEqual(await cold.wrongFiles(), []);
    await lab.vm.until(
      `ADMIN=/data/swarmbox/control.sock /opt/swarmbox/scripts/ask GET /api/snapshot | grep -q '"state":"seeding"\\|"state":"complete"'`,
      300,
    );
    await cafe.killSeeders();
    const before = await cafe.counters();
    const warm = await cafe.download(2, 'libtorrent');
    const { seconds: warmS } = await warm.complete(600);
    assert.deepEqual(await warm.wrongFiles(), []);
    const { wanRxBytes } = await cafe.counters();
    const fromLine = (wanRxBytes - before.wanRxBytes) / cafe.payload.totalBytes;
    say('main job', { coldS, warmS, fromLineWarm: fromLine });
    assert.ok(fromLine < 0.1, `${fromLine} of it came over the line again`);
    assert.equal((await cafe.probe(1, 'http', HTTP_URL)).sha1, httpFileSha1(), 'what is not its business passes');
  });

  const ACTIVE = 'systemctl is-active -q swarmbox && [ "$(systemctl show -P NRestarts swarmbox)" != "$RESTARTS" ]';
  const SETTINGS = '/config/swarmbox/config.json';
  type Fault = {
    readonly name: string;
    readonly strike: string;
    /** Looked at while it lasts. */
    readonly told?: RegExp;
    readonly heal?: string;
    /** The daemon starts again, by itself where there is no `heal`. */
    readonly restarts: boolean;
  };
  const KILL = 'kill -KILL $(systemctl show -P MainPID swarmbox)';
  const faults: readonly Fault[] = [
    { name: 'none', strike: 'true', restarts: false },
    { name: 'daemon: kill -9', strike: KILL, restarts: true },
    { name: 'daemon: SIGSTOP', strike: 'kill -STOP $(systemctl show -P MainPID swarmbox)', restarts: true },
    {
      name: 'daemon: out of memory',
      strike: 'systemctl set-property --runtime swarmbox MemoryMax=40M',
      told: /daemon: (activating|inactive|failed)/,
      heal: 'systemctl set-property --runtime swarmbox MemoryMax=75%',
      restarts: true,
    },
    {
      name: 'daemon: ends at once, again and again',
      strike: `echo 'process.exit(3)' >/run/ends.js; mount --bind /run/ends.js /opt/swarmbox/src/main.js; ${KILL}`,
      told: /daemon: (activating|failed)/,
      heal: 'umount /opt/swarmbox/src/main.js',
      restarts: true,
    },
    {
      name: 'settings: no settings any more',
      strike: `cp ${SETTINGS} /run/kept; echo '{ "lan": 5' >${SETTINGS}; ${KILL}`,
      told: /The daemon does not run: it is not JSON/,
      heal: `cp /run/kept ${SETTINGS}`,
      restarts: true,
    },
    {
      name: 'index: overwritten',
      strike: `systemctl kill -s STOP swarmbox; for f in /data/swarmbox/*.db; do dd if=/dev/urandom of=$f bs=4k count=4 conv=notrunc status=none; done; ${KILL}`,
      restarts: true,
    },
    {
      name: 'settings: no room',
      strike: `dd if=/dev/zero of=/config/full bs=64k status=none; ${KILL}`,
      told: /partition for the settings is full/,
      heal: 'rm /config/full',
      restarts: true,
    },
    {
      name: 'data: not there',
      strike:
        'systemctl stop swarmbox data.mount; dd if=/dev/swarmbox/data of=/run/super bs=4k count=1 status=none; dd if=/dev/zero of=/dev/swarmbox/data bs=4k count=1 status=none; systemctl --no-block start swarmbox',
      told: /data and pieces came too late, or cannot be read/,
      heal: 'dd if=/run/super of=/dev/swarmbox/data bs=4k conv=notrunc status=none; systemctl reset-failed; systemctl --no-block start swarmbox',
      restarts: false,
    },
  ];
  const rows: (Beats & { fault: string })[] = [];
  for (const fault of faults)
    test(`stays a wire: ${fault.name}`, async () => {
      const { vm } = lab;
      beats ??= lab.heartbeat();
      await sleep(4_000);
      // It says what has changed: of a daemon that does not run nothing more, if it has not seen it run meanwhile.
      for (const untilMs = Date.now() + 300_000; ; await sleep(1_000)) {
        if ((await vm.console()).match(/daemon: \w+/g)?.at(-1) === 'daemon: active') break;
        assert.ok(Date.now() < untilMs, 'the console says that the daemon runs');
      }
      const restarts = await vm.text('systemctl show -P NRestarts swarmbox');
      const heard = (await vm.console()).length;
      await beats.beats();
      await vm.text(fault.strike);
      await sleep(LOOK_MS);
      const untilMs = Date.now() + 120_000;
      const said = async (): Promise<string> => (await vm.console()).slice(heard);
      while (fault.told && !fault.told.test(await said()) && Date.now() < untilMs) await sleep(1_000);
      const told = await said();
      if (fault.heal) await vm.text(fault.heal);
      if (fault.restarts) await vm.until(ACTIVE.replace('$RESTARTS', restarts), START_S);
      else await vm.until('systemctl is-active -q swarmbox', START_S);
      await sleep(4_000);
      const row = await beats.beats();
      rows.push({ fault: fault.name, ...row });
      say(`fault: ${fault.name}`, row);
      if (fault.told) assert.match(told, fault.told, 'the console says it');
      assert.equal(row.flowsLost, 0);
      assert.ok(row.udpLost <= row.udpSent / 100, `${row.udpLost} of ${row.udpSent} were lost`);
    });

  test('its disk is kept for other trials', async () => {
    await lab.powerOff();
    await lab.keep(SETTLED);
    const { A_OK, A_TRY, ORDER } = await lab.grubenv();
    assert.deepEqual({ A_OK, A_TRY, ORDER }, { A_OK: '1', A_TRY: '0', ORDER: 'A B' });
  });
});
