/** Which two ports are the wire, when cards come and go: `find-ports` and `wire-again` with folders as the machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PROJECT_ROOT } from '../cafe/world.ts';

const PROGRAMS = join(PROJECT_ROOT, 'firmware/root/usr/lib/swarmbox');
/** A port's name, where it hangs, and its address's last byte. */
type Port = readonly [name: string, place: string, address: string];

function machine(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-ports-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const at = (path: string): string => join(dir, path);
  for (const path of ['config/swarmbox', 'bin', 'here', 'places']) mkdirSync(at(path), { recursive: true });
  const script = (path: string, text: string) => writeFileSync(at(path), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  for (const name of ['udevadm', 'mountpoint']) script(`bin/${name}`, 'exit 0');
  symlinkSync(join(PROGRAMS, 'find-ports'), at('here/find-ports'));
  // The daemon's own program: what it does has tests of its own.
  script('here/settings', `printf '{"lan": "%s", "wan": "%s"}' "$3" "$4" >"$2"`);
  script('bin/bridge-up', `echo "$1 $2 $3 $VLANS" >${at('wire')}`);
  const settings = at('config/swarmbox/config.json');
  const env = {
    PATH: `${at('bin')}:${process.env.PATH}`,
    SYS: at('sys'),
    CONFIG: at('config'),
    RUN: at('run'),
    HERE: at('here'),
    BRIDGE_UP: at('bin/bridge-up'),
  };
  return {
    plug(...ports: readonly Port[]) {
      rmSync(at('sys'), { recursive: true, force: true });
      for (const [name, place, address] of ports) {
        mkdirSync(at(`sys/class/net/${name}`), { recursive: true });
        mkdirSync(at(`places/${place}`), { recursive: true });
        symlinkSync(at(`places/${place}`), at(`sys/class/net/${name}/device`));
        writeFileSync(at(`sys/class/net/${name}/address`), `02:00:00:00:00:${address}\n`);
      }
    },
    set: (values: object) => writeFileSync(settings, JSON.stringify(values, null, 2)),
    settings: () => JSON.parse(readFileSync(settings, 'utf8')) as unknown,
    /** As the daemon starts: what became the wire, or undefined where it stayed as it was. */
    start(): string | undefined {
      rmSync(at('wire'), { force: true });
      execFileSync(join(PROGRAMS, 'wire-again'), { env, stdio: ['ignore', 'ignore', 'pipe'] });
      return existsSync(at('wire')) ? readFileSync(at('wire'), 'utf8').trim() : undefined;
    },
    restart: () => rmSync(at('run'), { recursive: true, force: true }),
    known: () => readFileSync(at('config/ports'), 'utf8').trim().split('\n'),
  };
}

test('without settings the first two are the wire, as they are plugged in', (t) => {
  const box = machine(t);
  box.plug(['enp9s0', '02', 'bb'], ['enp4s0', '01', 'aa'], ['enp1s0', '03', 'cc']);
  assert.equal(box.start(), 'enp4s0 enp9s0 br0');
  assert.deepEqual(box.known(), ['lan enp4s0 02:00:00:00:00:aa', 'wan enp9s0 02:00:00:00:00:bb']);
  assert.equal(box.start(), undefined, 'nothing has changed');
  box.plug(['enp9s0', '02', 'bb']);
  assert.throws(() => box.start(), /two wired ports, and there is only enp9s0/);
});

test('a card that gives the ports new names changes nothing but the names', (t) => {
  const box = machine(t);
  box.plug(['enp4s0', '04', 'aa'], ['enp5s0', '05', 'bb'], ['enp6s0', '06', 'cc']);
  // The other way round than they are plugged in.
  box.set({ lan: 'enp6s0', wan: 'enp5s0' });
  assert.equal(box.start(), 'enp6s0 enp5s0 br0');
  box.restart();
  box.plug(['enp4s0', '04', 'ff'], ['enp5s0', '05', 'aa'], ['enp6s0', '06', 'bb'], ['enp7s0', '07', 'cc']);
  assert.equal(box.start(), 'enp7s0 enp6s0 br0');
  assert.deepEqual(box.settings(), { lan: 'enp7s0', wan: 'enp6s0' });
  assert.deepEqual(box.known(), ['lan enp7s0 02:00:00:00:00:cc', 'wan enp6s0 02:00:00:00:00:bb']);
});

test('ports that somebody has chosen are the wire, whatever was noted down before', (t) => {
  const box = machine(t);
  box.plug(['enp4s0', '04', 'aa'], ['enp5s0', '05', 'bb'], ['enp6s0', '06', 'cc']);
  box.set({ lan: 'enp4s0', wan: 'enp5s0' });
  assert.equal(box.start(), 'enp4s0 enp5s0 br0');
  const settings = { vlans: [10, 20], bridge: 'br7', lan: 'enp5s0', wan: 'enp6s0', others: { lan: 'x', vlans: [30] } };
  box.set(settings);
  assert.equal(box.start(), 'enp5s0 enp6s0 br7 10 20');
  assert.deepEqual(box.settings(), settings);
});

test('where a card was taken out, or the settings are of another box, the other one stays and the wire is what there is', (t) => {
  const box = machine(t);
  box.plug(['enp4s0', '04', 'aa'], ['enp5s0', '05', 'bb']);
  box.set({ lan: 'enp5s0', wan: 'enp4s0' });
  assert.equal(box.start(), 'enp5s0 enp4s0 br0');
  box.restart();
  box.plug(['enp4s0', '04', 'ee'], ['enp5s0', '05', 'bb']);
  assert.equal(box.start(), 'enp5s0 enp4s0 br0', 'a new card in the place of the other');
  box.restart();
  box.set({ lan: 'eth0', wan: 'eth1' });
  assert.equal(box.start(), 'enp5s0 enp4s0 br0', 'by what was noted down');
  assert.deepEqual(box.settings(), { lan: 'enp5s0', wan: 'enp4s0' });
  box.set({ lan: 'enp4s0', wan: 'enp4s0' });
  box.start();
  assert.deepEqual(box.known(), ['lan enp4s0 02:00:00:00:00:ee', 'wan enp5s0 02:00:00:00:00:bb']);
});
