/** Three boxes of real processes around a real RabbitMQ, with two slots in files each: a bundle that one of them is not healthy with, and the mended one. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, getuid } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { centralRights, terminalRights } from '../../src/fleet/rights.ts';
import { Processes } from '../cafe/processes.ts';
import { askDesk } from './ask-desk.ts';
import { PrivateBroker } from './private-broker.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 240_000 };
const MAIN = join(import.meta.dirname, '../../src/main.ts');
const BOXES = ['box-1', 'box-2', 'box-3'];
const SWARM_PORT = 6_881;

/**
 * A box: slots `a` and `b`, and `active` says which of them runs. The bundle goes into the other one, which then runs; the gate looks whether the box is well with it, and puts the old one back if it
 * is not. A bundle that says `needs-card` is one that no box without a `card` is well with.
 */
const INSTALL = `#!/bin/sh -e
box=$1 bundle=$2 version=$4
echo "$version" >>"$box/asked"
old=$(cat "$box/active")
case $old in a) new=b ;; *) new=a ;; esac
cp "$bundle" "$box/$new.part"
mv "$box/$new.part" "$box/$new"
echo "$new" >"$box/active"
if grep -q needs-card "$box/$(cat "$box/active")" && ! [ -e "$box/card" ]; then
  echo "$old" >"$box/active"
  echo "the gate: no card in this box"
  exit 3
fi
`;

type Target = {
  readonly node: string;
  readonly state: string;
  readonly install?: {
    readonly wave: number;
    readonly state: string;
    readonly why: string | null;
    readonly detail: string | null;
  };
};
type Said = {
  readonly nodes: readonly { readonly name: string }[];
  readonly distributions: readonly {
    readonly id: string;
    readonly state: string;
    readonly targets: readonly Target[];
    readonly rollout?: { readonly state: string; readonly node: string | null; readonly why: string | null };
  }[];
};

/** A central and its boxes, on loopback. */
class Boxes implements AsyncDisposable {
  readonly dir: string;
  readonly #broker: PrivateBroker;
  readonly #processes = new Processes();

  private constructor(dir: string, broker: PrivateBroker) {
    this.dir = dir;
    this.#broker = broker;
  }

  static async start(): Promise<Boxes> {
    const nodes = BOXES.map((name) => ({ name, password: 'made up', rights: terminalRights(name, 'east') }));
    const central = { name: 'central', password: 'made up', rights: centralRights() };
    const broker = await PrivateBroker.start({ vhost: 'fleet', users: [central, ...nodes] });
    const boxes = new Boxes(await mkdtemp(join(tmpdir(), 'swarmbox-rollout-')), broker);
    try {
      await boxes.#build();
      return boxes;
    } catch (error) {
      await boxes[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.killAll();
    await this.#broker[Symbol.asyncDispose]();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Asks the central, as whoever runs it does. */
  ask<T>(method: string, path: string, body?: object): Promise<T> {
    return askDesk<T>(join(this.dir, 'central', 'central.sock'), method, path, body);
  }

  async until(what: string, is: (said: Said) => boolean, limitMs = 90_000): Promise<Said> {
    let last: unknown;
    for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(200)) {
      const said = await this.ask<Said>('GET', '/fleet').catch((error: unknown) => {
        last = String(error);
      });
      if (said && is(said)) return said;
      last = said ? JSON.stringify(said.distributions) : last;
    }
    return assert.fail(`not in time: ${what}: ${last}`);
  }

  /** What lies in a file of the box; nothing when there is none. */
  async file(box: string, name: string): Promise<string> {
    return readFile(join(this.dir, box, name), 'utf8').catch(() => '');
  }

  /** What is in the slot that runs, its first line. */
  async runs(box: string): Promise<string> {
    return (await this.file(box, (await this.file(box, 'active')).trim())).split('\n')[0] ?? '';
  }

  async publish(version: string, says: string): Promise<string> {
    const path = join(this.dir, 'box.bundle');
    // Large enough that it does not travel with its offer.
    await writeFile(path, `${version}\n${says}\n${randomBytes(2_000_000).toString('base64')}`);
    const { id } = await this.ask<{ id: string }>('POST', '/publish', {
      path,
      name: 'box firmware',
      kind: 'firmware',
      firmware: { compatible: 'played-box', version },
      waves: { shares: [0.3, 0.6, 1], mostFailed: 0 },
    });
    return id;
  }

  async #build(): Promise<void> {
    const at = (...parts: string[]): string => join(this.dir, ...parts);
    const write = (name: string, config: object) => writeFile(at(`${name}.json`), JSON.stringify(config));
    const broker = (user: string) => ({
      host: '127.0.0.1',
      port: this.#broker.port,
      vhost: 'fleet',
      user,
      passwordFile: 'password',
    });
    const firmware = generateKeyPairSync('ed25519');
    await writeFile(at('password'), 'made up');
    await writeFile(at('firmware.pem'), firmware.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(at('firmware.pub'), firmware.publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(at('install'), INSTALL);
    await chmod(at('install'), 0o755);
    await write('central', {
      dataDir: 'central',
      broker: broker('central'),
      swarm: { ip: '127.75.0.1', port: SWARM_PORT },
      firmwareKey: 'firmware.pem',
    });
    this.#run('central', 'central');
    await this.until('the central', () => true);
    for (const [i, name] of BOXES.entries()) {
      await mkdir(at(name));
      await writeFile(at(name, 'a'), '1.0\n');
      await writeFile(at(name, 'active'), 'a\n');
      if (name !== 'box-2') await writeFile(at(name, 'card'), '');
      await write(name, {
        name,
        site: 'east',
        dataDir: join(name, 'data'),
        folder: join(name, 'files'),
        broker: broker(name),
        swarm: { ip: `127.75.0.${i + 2}`, port: SWARM_PORT },
        trust: [
          { key: 'central/signing-key.pem.pub', kinds: ['files'] },
          { key: 'firmware.pub', kinds: ['firmware'] },
        ],
        installer: { compatible: 'played-box', version: '1.0', command: ['install', at(name)] },
      });
      this.#run(name, 'terminal');
    }
    await this.until('all boxes', ({ nodes }) => nodes.length === BOXES.length);
  }

  #run(name: string, role: string): void {
    const argv = [execPath, MAIN, role, join(this.dir, `${name}.json`)];
    this.#processes.start({ name, argv, logPath: join(this.dir, `${name}.log`) });
  }
}

const of = (said: Said, id: string) => said.distributions.find((distribution) => distribution.id === id);
const installs = (said: Said, id: string): string[] =>
  of(said, id)?.targets.map(({ node, install }) => `${node} ${install?.wave} ${install?.state}`) ?? [];

test(
  'a bundle that one of three boxes is not healthy with stops there, and the mended one reaches all',
  options,
  async () => {
    await using boxes = await Boxes.start();
    const bad = await boxes.publish('2.0', 'needs-card');
    const stopped = await boxes.until('it stopped', (said) => of(said, bad)?.rollout?.state === 'stopped');
    assert.deepEqual(installs(stopped, bad), ['box-1 0 healthy', 'box-2 1 rolled-back', 'box-3 2 waiting']);
    const { node, why } = of(stopped, bad)?.rollout ?? {};
    assert.deepEqual([node, why], ['box-2', 'rolled-back']);
    const failed = of(stopped, bad)?.targets.find((target) => target.node === 'box-2')?.install;
    assert.equal(failed?.detail, 'the gate: no card in this box');
    assert.deepEqual(await Promise.all(BOXES.map((box) => boxes.runs(box))), ['2.0', '1.0', '1.0']);
    assert.deepEqual(await Promise.all(BOXES.map((box) => boxes.file(box, 'asked'))), ['2.0\n', '2.0\n', '']);

    const mended = await boxes.publish('2.0.1', 'needs nothing');
    const over = await boxes.until('the mended one is over', (said) => of(said, mended)?.rollout?.state === 'over');
    assert.deepEqual(installs(over, mended), ['box-1 0 healthy', 'box-2 1 healthy', 'box-3 2 healthy']);
    assert.deepEqual(await Promise.all(BOXES.map((box) => boxes.runs(box))), Array(3).fill('2.0.1'));
    assert.equal(await boxes.file('box-3', 'asked'), '2.0.1\n', 'it was never asked for the bad one');
    for (const name of ['central', ...BOXES])
      assert.doesNotMatch(await boxes.file('.', `${name}.log`), /"bug|uncaught/, name);
  },
);
