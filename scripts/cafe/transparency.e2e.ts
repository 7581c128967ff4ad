/** The box is a cable: frames of every kind cross it byte-identical, both ways, with and without the daemon; it adds none. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Claim } from './claim.ts';
import { Daemon } from './daemon.ts';
import { type Frame, jumboFrames, ordinaryFrames, pauseFrame } from './frames.ts';
import { Net, PATIENCE, type Place } from './net.ts';
import { type Child, Processes } from './processes.ts';
import { until } from './servers.ts';
import { PROJECT_ROOT } from './world.ts';

const WIRE_END = fileURLToPath(new URL('./wire-end.py', import.meta.url));
const ARRIVAL_MS = 2_000;
/** The daemon reads its counters once a second, and shows the same snapshot for as long. */
const COUNTED_MS = 3_500;
const PC_MAC = '02:00:5e:00:00:0c';
const GATEWAY_MAC = '02:00:5e:00:00:01';

/** One end of the wire. */
class End {
  readonly seen: string[] = [];
  readonly #child: Child;
  #ready = false;

  constructor(place: Place, processes: Processes, dir: string) {
    this.#child = processes.start({
      name: `wire end ${place.name}`,
      argv: place.inside(['/usr/bin/python3', WIRE_END, 'eth0']),
      logPath: join(dir, `${place.name}.log`),
      input: true,
      onLine: (line) => {
        if (line === 'ready') this.#ready = true;
        else this.seen.push(line);
      },
    });
  }

  ready(): Promise<void> {
    return until('wire end', async () => this.#ready, 10_000, this.#child);
  }

  send(frame: Frame): void {
    this.#child.write(`${frame.bytes.toString('hex')}\n`);
  }
}

type Bench = { lan: End; wan: End; box: Place; net: Net; processes: Processes; dir: string };

async function withBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  const prefix = `sbt-wire-${process.pid}-`;
  const claim = await Claim.take(prefix, console.error);
  const net = new Net(prefix);
  const processes = new Processes();
  try {
    const [lan, box, wan] = [await net.add('lan'), await net.add('box'), await net.add('wan')];
    for (const [end, port] of [
      [lan, 'lan0'],
      [wan, 'wan0'],
    ] as const) {
      await net.cable(end, 'eth0', box, port);
      // The machine at the end must say nothing of its own.
      await end.sysctl('net.ipv6.conf.eth0.disable_ipv6=1');
      await end.ip('link set eth0 mtu 9000');
    }
    await box.run([join(PROJECT_ROOT, 'firmware/network/bridge-up.sh'), 'lan0', 'wan0', 'br0']);
    const ends = { lan: new End(lan, processes, claim.dir), wan: new End(wan, processes, claim.dir) };
    await Promise.all([ends.lan.ready(), ends.wan.ready()]);
    await work({ ...ends, box, net, processes, dir: claim.dir });
  } finally {
    await processes.killAll();
    await net.close();
    await claim.release();
  }
}

/** Sends each frame and waits for it, so that a lost one is named; then both ends must have seen exactly what was sent. */
async function cross(b: Bench, framesOf: (e: { from: string; to: string }, seed: string) => Frame[]): Promise<void> {
  const wrong: string[] = [];
  for (const [way, from, to, macs] of [
    ['LAN to WAN', b.lan, b.wan, { from: PC_MAC, to: GATEWAY_MAC }],
    ['WAN to LAN', b.wan, b.lan, { from: GATEWAY_MAC, to: PC_MAC }],
  ] as const) {
    const frames = framesOf(macs, way);
    const [fromBefore, toBefore] = [from.seen.length, to.seen.length];
    for (const frame of frames) {
      const arrived = async () => to.seen.includes(frame.bytes.toString('hex'), toBefore);
      from.send(frame);
      await until(frame.what, arrived, ARRIVAL_MS).catch(() =>
        wrong.push(`${way}: ${frame.what} did not arrive as it was`),
      );
    }
    await sleep(100);
    const sent = new Set(frames.map((f) => f.bytes.toString('hex')));
    for (const extra of [...to.seen.slice(toBefore).filter((hex) => !sent.has(hex)), ...from.seen.slice(fromBefore)])
      wrong.push(`${way}: nobody sent this frame: ${extra.slice(0, 160)}`);
    const count = to.seen.length - toBefore;
    if (count !== frames.length) wrong.push(`${way}: ${frames.length} frames sent, ${count} arrived`);
  }
  assert.deepEqual(wrong, []);
}

/** VLANs that the box serves; the bridge script reads the same. None where the kernel has no 802.1Q. */
const SERVED = (process.env.VLANS ?? '').split(' ').filter(Boolean).map(Number);

/** What the box cannot steer is counted: each of the frames that have crossed, once in either direction. */
async function counted(daemon: Daemon): Promise<void> {
  const crossed = [ordinaryFrames, jumboFrames].flatMap((of) => of({ from: PC_MAC, to: GATEWAY_MAC }, ''));
  const isServed = ({ bytes }: Frame) =>
    bytes.readUInt16BE(12) === 0x8100 && SERVED.includes(bytes.readUInt16BE(14) & 0xfff);
  const both = (kind: RegExp) => 2 * crossed.filter((frame) => kind.test(frame.what) && !isServed(frame)).length;
  await sleep(COUNTED_MS);
  const { notInterceptable: n } = (await daemon.snapshot()).steering;
  const packets = { pppoe: n?.pppoe.packets, qinq: n?.qinq.packets, otherVlan: n?.otherVlan.packets };
  assert.deepEqual(packets, { pppoe: both(/PPPoE/), qinq: both(/QinQ/), otherVlan: both(/802.1Q|tagged/) });
  assert.ok((n?.seen.packets ?? 0) >= 2 * crossed.length, `${n?.seen.packets} frames seen`);
}

const options = {
  skip: process.getuid?.() === 0 ? false : 'needs root: it makes network namespaces',
  timeout: 120_000 * PATIENCE,
};

test('frames of every kind cross the bare bridge as they are', options, () =>
  withBench(async (b) => {
    await cross(b, ordinaryFrames);
    await cross(b, jumboFrames);
    const before = b.wan.seen.length;
    b.lan.send(pauseFrame({ from: PC_MAC, to: GATEWAY_MAC }));
    await sleep(200);
    assert.equal(b.wan.seen.length, before, 'a pause frame belongs to its own link');
  }),
);

test('the bridge says nothing of its own, and bridge-up.sh twice changes nothing', options, () =>
  withBench(async (b) => {
    const rules = () =>
      Promise.all([b.box.run(['nft', 'list', 'ruleset']), b.box.run(['ip', 'rule']), b.box.run(['ip', '-6', 'rule'])]);
    const once = await rules();
    await b.box.run([join(PROJECT_ROOT, 'firmware/network/bridge-up.sh'), 'lan0', 'wan0', 'br0']);
    assert.deepEqual(await rules(), once);
    // Longer than the kernel waits before its first router solicitation and multicast reports.
    await sleep(4_000);
    assert.deepEqual([...b.lan.seen, ...b.wan.seen], []);
    await b.box.run([join(PROJECT_ROOT, 'firmware/network/bridge-down.sh'), 'br0']);
    assert.equal(await b.box.run(['nft', 'list', 'ruleset']), '');
    assert.doesNotMatch((await rules()).join(''), /fwmark/);
  }),
);

test(
  'frames of every kind cross as they are while the daemon steers',
  { ...options, skip: options.skip || !existsSync(join(PROJECT_ROOT, 'src/main.ts')) },
  () =>
    withBench(async (b) => {
      const daemon = new Daemon({
        box: b.box,
        processes: b.processes,
        dir: join(b.dir, 'box'),
        root: PROJECT_ROOT,
        config: { vlans: SERVED },
      });
      await daemon.start();
      const { steering } = await daemon.snapshot();
      assert.equal(steering.state, 'armed');
      await cross(b, ordinaryFrames);
      await cross(b, jumboFrames);
      assert.ok(daemon.running);
      await counted(daemon);
      await daemon.stop();
      await cross(b, ordinaryFrames);
    }),
);
