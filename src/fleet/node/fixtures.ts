/** A central that does as a test says, and nodes on the loopback, over a broker in memory. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Published, Topology } from '../broker.ts';
import { until } from '../compliance.ts';
import { FakeRabbit } from '../fake-broker.ts';
import { type DistributionId, idOf, type Manifest, type SignedManifest, signManifest } from '../manifest.ts';
import type { Place, Way } from '../message-types.ts';
import { type DownMessage, decodeUp, encodeDown, type UpMessage } from '../messages.ts';
import { CENTRAL_QUEUE, centralTopology, controlTopology, DATA, DOWN, dataTopology, senderOf } from '../names.ts';
import { type Offer, PARCEL_TYPE, packParcel } from '../parcel.ts';
import { readSeed, type Seed, SeedMaker } from '../seed.ts';
import type { SteadyBroker } from '../steady-broker.ts';
import { PIECE_TYPE } from './data-inbox.ts';
import { FleetNode, type NodeOptions } from './fleet-node.ts';

export const PIECE = 64 * 1024;

const keys = generateKeyPairSync('ed25519');
export const TRUSTED = [{ key: keys.publicKey, kinds: ['files' as const] }];

const onError = (error: unknown): void => {
  throw error;
};
const brokerClock = { nowMs: () => Date.now(), sleep: async () => {} };

/** By whom nodes trust. */
export const signed = (manifest: Manifest): SignedManifest => signManifest(manifest, keys.privateKey);

export type Distribution = {
  readonly id: DistributionId;
  readonly signed: SignedManifest;
  readonly manifest: Manifest;
  readonly seedBytes: Buffer;
  readonly seed: Seed;
  readonly bytes: Buffer;
};

export function distribution(
  sizeBytes: number,
  over: Partial<Manifest> = {},
  key: KeyObject = keys.privateKey,
  file = 'patch.bin',
): Distribution {
  const bytes = randomBytes(sizeBytes);
  const maker = new SeedMaker(file, [{ path: [], lengthBytes: sizeBytes }], PIECE);
  maker.push(bytes);
  const seedBytes = maker.finish();
  const seed = readSeed(seedBytes);
  assert.ok(seed.kind === 'ok');
  const manifest: Manifest = {
    v: 1,
    kind: 'files',
    name: file,
    rev: 1,
    createdMs: 1,
    sizeBytes,
    fileCount: 1,
    pieceLength: PIECE,
    infoHash: seed.value.meta.infoHash,
    seedSha256: createHash('sha256').update(seedBytes).digest('hex'),
    seedBytes: seedBytes.length,
    ...over,
  };
  const signed = signManifest(manifest, key);
  return { id: idOf(signed.bytes), signed, manifest, seedBytes, seed: seed.value, bytes };
}

export const pieceOf = ({ bytes }: Distribution, piece: number): Buffer =>
  bytes.subarray(piece * PIECE, (piece + 1) * PIECE);
export const piecesOf = ({ seed }: Distribution): number[] => [...Array(seed.meta.pieceCount).keys()];

export const offerOf = ({ id, signed, seedBytes }: Distribution, way: Way, withSeed = true): DownMessage => {
  const [manifest, signature] = [signed.bytes.toString('base64'), signed.signature.toString('base64')];
  return { kind: 'offer', id, manifest, signature, way, ...(withSeed && { seed: seedBytes.toString('base64') }) };
};

export type Heard = { readonly node: string; readonly messageId: string; readonly message: UpMessage };
type Said<K extends UpMessage['kind']> = Extract<UpMessage, { readonly kind: K }>;

/** A connection of a user to the broker of the test. */
export type Connect = (user: string, topology: () => Topology) => SteadyBroker;

export class ScriptedCentral {
  readonly rabbit = new FakeRabbit();
  readonly connect: Connect;
  readonly broker: SteadyBroker;
  /** All that was ever heard, and what of it no test has asked for. */
  readonly heard: Heard[] = [];
  #new: Heard[] = [];

  private constructor(connect: Connect | undefined) {
    this.connect = connect ?? ((_, topology) => this.rabbit.connect({ topology, onError, clock: brokerClock }));
    this.broker = this.connect('central', centralTopology);
  }

  /** Without `connect` the broker is `rabbit`, in memory. */
  static async start(t: TestContext, connect?: Connect): Promise<ScriptedCentral> {
    const central = new ScriptedCentral(connect);
    t.after(() => central.broker.close());
    central.broker.consume({
      queue: CENTRAL_QUEUE,
      prefetch: 100,
      onDelivery: ({ key, type, contentType = '', body, messageId, ack }) => {
        const read = decodeUp({ type, contentType, body });
        const from = senderOf(key);
        assert.ok(read.kind === 'ok' && from?.type === type, `${key} ${type}: ${JSON.stringify(read)}`);
        const heard = { node: from.node, messageId, message: read.value };
        central.heard.push(heard);
        central.#new.push(heard);
        ack();
      },
    });
    await until(central.broker, 'up');
    return central;
  }

  /** The next of this kind from the node; what it said else stays. */
  async next<K extends UpMessage['kind']>(node: string, kind: K, inMs = 20_000): Promise<Said<K>> {
    for (const endMs = Date.now() + inMs; Date.now() < endMs; await sleep(2)) {
      const said = this.asked(node, kind);
      if (said) return said;
    }
    const said = this.heard.filter((heard) => heard.node === node).map(({ message }) => JSON.stringify(message));
    return assert.fail(`${node} said no ${kind}, but ${said.slice(-5).join(' ').slice(0, 500)}`);
  }

  /** The same, if it was said already. */
  asked<K extends UpMessage['kind']>(node: string, kind: K): Said<K> | undefined {
    const at = this.#new.findIndex((heard) => heard.node === node && heard.message.kind === kind);
    return at < 0 ? undefined : (this.#new.splice(at, 1)[0]?.message as Said<K>);
  }

  /** What was not asked for, but for `hello` and `progress`. */
  unasked(): UpMessage[] {
    const ordinary = ['hello', 'progress'];
    return this.#new.map(({ message }) => message).filter(({ kind }) => !ordinary.includes(kind));
  }

  async say(receiver: string, message: DownMessage, messageId: string = randomUUID(), exchange = DOWN): Promise<void> {
    const carried = encodeDown(message);
    const key = `${receiver}.${carried.type}`;
    const correlation = 'id' in message ? { correlationId: message.id } : {};
    const sent = { exchange, key, messageId, persistent: true, ...correlation, ...carried };
    assert.deepEqual(await this.broker.publish(sent, true), { kind: 'ok' });
  }

  async piece(receiver: string, patch: Distribution, piece: number, body: Buffer): Promise<void> {
    assert.equal((await this.tryPiece(receiver, patch, piece, body)).kind, 'ok');
  }

  tryPiece(receiver: string, { id }: Distribution, piece: number, body: Buffer): Promise<Published> {
    const key = `${receiver}.${PIECE_TYPE}`;
    const sent = {
      exchange: DATA,
      key,
      type: PIECE_TYPE,
      messageId: randomUUID(),
      correlationId: id,
      persistent: false,
    };
    return this.broker.publish({ ...sent, headers: { piece }, body }, true);
  }

  async pieces(receiver: string, patch: Distribution, pieces: readonly number[] = piecesOf(patch)): Promise<void> {
    for (const piece of pieces) await this.piece(receiver, patch, piece, pieceOf(patch, piece));
  }

  /** All of it, with its offer. `bytes`: others than it has. */
  async parcel(receiver: string, patch: Distribution, bytes: Buffer = patch.bytes): Promise<void> {
    const packed = packParcel(offerOf(patch, 'inline') as Offer, bytes.length);
    assert.ok(packed);
    packed.bytes.set(bytes);
    const { headers, body } = packed;
    const of = { type: PARCEL_TYPE, messageId: randomUUID(), correlationId: patch.id, persistent: false };
    const sent = { exchange: DATA, key: `${receiver}.${PARCEL_TYPE}`, ...of, headers, body };
    assert.equal((await this.broker.publish(sent, true)).kind, 'ok');
  }

  async seed(receiver: string, { id, seedBytes }: Distribution, parts = 3): Promise<void> {
    const size = Math.ceil(seedBytes.length / parts);
    const from = Array.from({ length: parts }, (_, i) => i * size).reverse();
    for (const at of from) {
      const bytes = seedBytes.subarray(at, at + size).toString('base64');
      await this.say(receiver, { kind: 'seed', id, at, bytes });
    }
  }

  start(node: string, { id }: Distribution, givers: Place[], nodes: Place[] = [], slot = 0): Promise<void> {
    return this.say(`node.${node}`, { kind: 'start', id, givers, nodes, slot });
  }
}

/** Time stands still, but for what the test says. */
export function stillClock(): Clock & { later(ms: number): void } {
  let nowMs = Date.now();
  return {
    nowMs: () => nowMs,
    sleep: realClock.sleep,
    later: (ms) => {
      nowMs += ms;
    },
  };
}

export function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-node-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Bench = {
  readonly node: FleetNode;
  readonly book: FleetBook;
  readonly folder: string;
  readonly control: SteadyBroker;
  readonly data: SteadyBroker;
  /** Time goes on by so much. */
  later(ms: number): void;
  /** The process ends. */
  stop(): Promise<void>;
};

/** `home`: where it was before a restart. */
export async function nodeOf(
  t: TestContext,
  central: ScriptedCentral,
  name: string,
  over: Partial<NodeOptions> = {},
  home = temporary(t),
): Promise<Bench> {
  const site = over.site ?? 'east';
  const control = central.connect(name, () => controlTopology(name, site));
  const data = central.connect(name, () => dataTopology(name, site));
  const book = FleetBook.open(join(home, 'fleet.db'));
  const scope = new Scope(onError);
  let skewMs = 0;
  const folder = join(home, 'files');
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await scope.close();
    await control.close();
    await data.close();
    book[Symbol.dispose]();
  };
  const stop = (): Promise<void> => {
    stopping ??= end();
    return stopping;
  };
  t.after(stop);
  await Promise.all([until(control, 'up'), until(data, 'up')]);
  const node = await FleetNode.start({
    name,
    role: 'terminal',
    site,
    version: '1.0',
    trusted: TRUSTED,
    folder,
    book,
    control,
    data,
    swarm: { ip: '127.73.0.1', port: 0 },
    clock: { nowMs: () => Date.now() + skewMs, sleep: realClock.sleep },
    log: silentLog,
    scope,
    freeBytes: () => 1e12,
    ...over,
  });
  const later = (ms: number): void => {
    skewMs += ms;
  };
  return { node, book, folder, control, data, later, stop };
}

/** Until it holds, or the test has waited long enough. */
export async function holds(what: string, is: () => boolean, inMs = 20_000): Promise<void> {
  for (const endMs = Date.now() + inMs; Date.now() < endMs; await sleep(2)) if (is()) return;
  assert.fail(`not in time: ${what}`);
}
