/** What clients alone do not show: uTP refused inside a VLAN, and two VLANs that use the very same addresses. */
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Claim } from '../cafe/claim.ts';
import { Daemon } from '../cafe/daemon.ts';
import { Net, type Place } from '../cafe/net.ts';
import { Processes } from '../cafe/processes.ts';
import { until } from '../cafe/servers.ts';
import { type Cafe, PROJECT_ROOT } from '../cafe/world.ts';
import { IN_SERVED, SERVED } from './downloads.ts';
import type { At } from './trunk-end.ts';

export type CheckLine = {
  readonly check: string;
  readonly vlan: string;
  readonly result: 'ok' | 'failed';
  readonly why?: string;
};

const script = fileURLToPath(new URL('./trunk-end.ts', import.meta.url));
const argv = (program: string, o: object): string[] => [execPath, script, program, JSON.stringify(o)];
const line = (check: string, vlan: string, wrong: string[]): CheckLine =>
  wrong.length === 0 ? { check, vlan, result: 'ok' } : { check, vlan, result: 'failed', why: wrong.join('; ') };

/** The box answers in the endpoint's name: a reset, with the SYN's connection id. */
export async function utpRefused(cafe: Cafe): Promise<CheckLine> {
  const { steering } = await cafe.daemon.snapshot();
  const endpoint = steering.recent.find((v) => v.verdict === 'steered')?.endpoint ?? '';
  const [ip = '', port] = endpoint.split(':');
  let said = '';
  const onLine = (text: string) => {
    said = text;
  };
  await cafe.spawn(cafe.pc(IN_SERVED), argv('utp', { ip, port: Number(port) }), onLine).exited;
  const is = said === JSON.stringify({ type: 3, id: 4711, from: ip });
  return line('utp-refused', String(SERVED), is ? [] : [`${endpoint} answered ${said}`]);
}

const SERVER: At = { ip: '203.0.113.9', port: 6881 };
const FROM_PORT = 40_000;
const BYTES = 200_000;
/** For two programs to start in, on an emulated processor. */
const START_MS = 8_000;

type Vlan = { readonly id: number; readonly pc: Place; readonly server: Place };

/** A PC and its server, which is also its router, at the two ends of one VLAN; the same addresses in every VLAN, other MACs. */
async function vlan(net: Net, id: number, lan: Place, wan: Place): Promise<Vlan> {
  const ends = [
    { at: lan, name: `pc${id}`, ip: '10.1.1.2/24', mac: `02:00:00:00:0a:${id}` },
    { at: wan, name: `server${id}`, ip: '10.1.1.1/24', mac: `02:00:00:00:0b:${id}` },
  ];
  const [pc, server] = await Promise.all(
    ends.map(async ({ at, name, ip, mac }) => {
      const place = await net.add(name);
      await at.ip(
        `link add link eth0 name v${id} address ${mac} type vlan id ${id}`,
        `link set v${id} netns ${place.name}`,
      );
      await place.ip(`addr add ${ip} dev v${id}`, `link set v${id} up`);
      return place;
    }),
  );
  if (!pc || !server) throw new Error('bug: two ends');
  await pc.ip('route add default via 10.1.1.1');
  await server.ip(`addr add ${SERVER.ip}/32 dev lo`);
  return { id, pc, server };
}

/** The same client address and port dials the same server in two VLANs at once, both through the box: each reaches its own. */
export async function sameAddresses(ids: readonly [number, number]): Promise<CheckLine> {
  const prefix = 'vlan-same-';
  const claim = await Claim.take(prefix, console.error);
  const net = new Net(prefix);
  const processes = new Processes();
  try {
    const [lan, box, wan] = [await net.add('lan'), await net.add('box'), await net.add('wan')];
    await net.cable(lan, 'eth0', box, 'lan0');
    await net.cable(wan, 'eth0', box, 'wan0');
    const up = join(PROJECT_ROOT, 'firmware/network/bridge-up.sh');
    await box.run(['env', `VLANS=${ids.join(' ')}`, up, 'lan0', 'wan0', 'br0']);
    const vlans = [await vlan(net, ids[0], lan, wan), await vlan(net, ids[1], lan, wan)];
    const daemon = new Daemon({
      box,
      processes,
      dir: join(claim.dir, 'box'),
      root: PROJECT_ROOT,
      config: { vlans: ids },
    });
    await daemon.start();
    const run = async (place: Place, program: string, o: object): Promise<string> => {
      let said = '';
      const logPath = join(claim.dir, `${place.name}.log`);
      const onLine = (text: string) => {
        said = text;
      };
      const child = processes.start({ name: program, argv: place.inside(argv(program, o)), logPath, onLine });
      if (program === 'server') await until('server', async () => said === 'ready', 30_000, child);
      else await child.exited;
      return said || (await child.tail(3));
    };
    for (const { id, server } of vlans) await run(server, 'server', { ...SERVER, name: `server${id}` });
    await run((vlans[0] as Vlan).pc, 'greet', SERVER);
    const learned = async () => (await daemon.snapshot()).steering.recent.some((v) => v.verdict === 'learned');
    await until('the endpoint steered', learned, 20_000);
    // At the same moment: as soon as the first is spliced, that client's later dials are left alone.
    const talk = { ...SERVER, from: FROM_PORT, bytes: BYTES, atMs: Date.now() + START_MS };
    const said = await Promise.all(vlans.map(({ pc }) => run(pc, 'talk', talk)));
    const wrong = vlans.flatMap(({ id }, i) => {
      const wanted = JSON.stringify({ greeting: `server${id} 10.1.1.2 ${FROM_PORT}`, same: true });
      return said[i] === wanted ? [] : [`VLAN ${id}: ${said[i]}`];
    });
    const flows = await box.run(['nft', 'list', 'set', 'bridge', 'swarmbox', 'flows4']);
    for (const { id } of vlans)
      if (!flows.includes(`0x${(id << 12).toString(16).padStart(8, '0')} . 10.1.1.2 . ${FROM_PORT}`))
        wrong.push(`the flow in VLAN ${id} did not go through the box`);
    return line('same-addresses', ids.join('+'), wrong);
  } finally {
    await processes.killAll();
    await net.close();
    await claim.release();
  }
}
