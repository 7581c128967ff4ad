import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Broker, Delivery } from '../broker.ts';
import type { FakeRabbit } from '../fake-broker.ts';
import { openManifest } from '../manifest.ts';
import type { Role } from '../message-types.ts';
import { type DownMessage, decodeDown, encodeUp, rangesOf, type UpMessage } from '../messages.ts';
import {
  centralTopology,
  controlInbox,
  controlTopology,
  DOWN,
  dataInbox,
  dataTopology,
  keyFrom,
  UP,
} from '../names.ts';
import { openParcel, PARCEL_TYPE } from '../parcel.ts';
import { isPiece, openSeed, type Seed } from '../seed.ts';
import { Central, type CentralWorld } from './central.ts';

export const keys = generateKeyPairSync('ed25519');

const onError = (error: unknown): void => assert.fail(String(error));

export async function until(what: string, true_: () => boolean, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(5)) if (true_()) return;
  assert.fail(`not in time: ${what}`);
}

export function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-central-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function fileOf(folder: string, bytes: number, name = '补丁.bin'): string {
  writeFileSync(join(folder, name), randomBytes(bytes));
  return join(folder, name);
}

/** Of other processes than those of tests beside this one. */
let [ports, words] = [24_000 + (process.pid % 400) * 20, 0];

/** A central over a broker in memory. `stop`: as a kill, when it is called before the test ends. */
export async function centralOn(
  t: TestContext,
  rabbit: FakeRabbit,
  folder: string,
  over: Partial<Pick<CentralWorld, 'firmwareKey' | 'sites' | 'installSilentMs' | 'clock'>> = {},
) {
  const scope = new Scope(onError);
  const book = FleetBook.open(join(folder, 'fleet.db'));
  const connect = (): Broker => rabbit.connect({ topology: centralTopology, onError, parent: scope });
  const [control, data] = [connect(), connect()];
  let isSending = false;
  /** What is in the book leaves, in order. */
  const poke = (): void => {
    if (isSending || scope.closed) return;
    isSending = true;
    scope.run(async () => {
      for (let [row] = book.unsent(0, 1); row && !scope.closed; [row] = book.unsent(0, 1)) {
        const { receiver: key, type, contentType, body } = row;
        const message = {
          exchange: DOWN,
          key,
          type,
          messageId: `central-${row.id}`,
          contentType,
          persistent: true,
          body,
        };
        if ((await control.publish(message, false)).kind === 'ok') book.sent(row.id);
        else await sleep(20);
      }
      isSending = false;
    });
  };
  const place = { ip: '127.74.0.1', port: ports++ };
  const central = new Central({
    book,
    control,
    data,
    key: keys.privateKey,
    place,
    clock: realClock,
    log: silentLog,
    scope,
    poke,
    ...over,
  });
  await central.start();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= scope.close().then(() => book[Symbol.dispose]());
    return stopped;
  };
  t.after(stop);
  return { central, book, stop, data, control };
}

/** What a node of the tests does wrong. */
export type Faults = {
  /** So many offers are not answered. */
  deaf: number;
  refuses: string | undefined;
  /** Pieces that it loses, once each. */
  loses: Set<number>;
  /** It says nothing of being done, so many times. */
  mute: number;
  /** What comes of a bundle that it installs; 'silent': it says nothing, as long as it is so. */
  installs: 'healthy' | 'silent' | string;
};

/** What is on its way has that long: on a busy machine it comes late, and asking for it again would have it sent twice. */
const PATIENCE_MS = 1_000;

/** A node that does what it is told, by the messages alone: what it gets over AMQP it verifies; a swarm it takes for done. */
export class ScriptedNode {
  readonly name: string;
  readonly role: Role;
  readonly site: string;
  readonly faults: Faults = { deaf: 0, refuses: undefined, loses: new Set(), mute: 0, installs: 'healthy' };
  readonly said: DownMessage[] = [];
  readonly pieces = new Map<string, Map<number, Buffer>>();
  readonly whole = new Set<string>();
  /** Bytes that came over AMQP. */
  cameBytes = 0;
  parcels = 0;
  beganMs = 1;
  readonly #seeds = new Map<string, Seed>();
  readonly #early: Delivery[] = [];
  readonly #parts = new Map<string, { readonly bytes: Buffer; had: number; open: (bytes: Buffer) => void }>();
  readonly #scope = new Scope(onError);
  readonly #control: Broker;

  constructor(t: TestContext, rabbit: FakeRabbit, name: string, { role = 'terminal' as Role, site = 'east' } = {}) {
    this.name = name;
    this.role = role;
    this.site = site;
    this.#control = rabbit.connect({ topology: () => controlTopology(name, site), onError, parent: this.#scope });
    const data = rabbit.connect({ topology: () => dataTopology(name, site), onError, parent: this.#scope });
    this.#control.consume({ queue: controlInbox(name), prefetch: 8, onDelivery: (d) => this.#heard(d) });
    data.consume({ queue: dataInbox(name), prefetch: 64, onDelivery: (d) => this.#data(d) });
    t.after(() => this.leave());
    this.hello(0);
  }

  async leave(): Promise<void> {
    await this.#scope.close();
  }

  hello(epoch: number): void {
    const swarm = { ip: '127.74.0.9', port: 1 };
    this.say({
      kind: 'hello',
      role: this.role,
      site: this.site,
      version: 'test',
      epoch,
      beganMs: this.beganMs,
      swarm,
      freeBytes: 1e12,
      device: 'box',
      have: [...this.whole],
    });
  }

  say(message: UpMessage): void {
    const { type, contentType, body } = encodeUp(message);
    const messageId = `${this.name}-${++words}`;
    const out = { exchange: UP, key: keyFrom(this.name, type), type, contentType, body, messageId, persistent: true };
    this.#scope.run(async () => {
      // Everything is said twice: once is enough.
      for (let times = 0; times < 2 && !this.#scope.closed; )
        if ((await this.#control.publish(out, false)).kind === 'ok') times++;
        else await sleep(10);
    });
  }

  #heard(delivery: Delivery): void {
    const read = decodeDown({ type: delivery.type, contentType: delivery.contentType ?? '', body: delivery.body });
    assert.ok(read.kind === 'ok');
    this.said.push(read.value);
    delivery.ack();
    const message = read.value;
    if (message.kind === 'discover') this.hello(message.epoch);
    else if (message.kind === 'offer') this.#offered(message);
    else if (message.kind === 'seed') this.#seedPart(message);
    else if (message.kind === 'start') this.#done(message.id, 0);
    else if (message.kind === 'install') this.#install(message);
  }

  #install({ id, attempt }: DownMessage & { kind: 'install' }): void {
    const { installs } = this.faults;
    if (installs === 'silent') return;
    this.say({ kind: 'installing', id, attempt });
    const isHealthy = installs === 'healthy';
    this.say({ kind: 'installed', id, attempt, healthy: isHealthy, ...(!isHealthy && { code: installs }) });
  }

  /** Nothing comes of what should be on its way. */
  #wantAll(id: string): void {
    const count = this.#seeds.get(id)?.meta.pieceCount ?? 0;
    const lacking = rangesOf(count, (piece) => !this.pieces.get(id)?.has(piece));
    if (lacking.length > 0 && !this.whole.has(id)) this.say({ kind: 'want', id, pieces: lacking });
  }

  #offered({ id, manifest, signature, seed, way }: DownMessage & { kind: 'offer' }, isParcel = false): void {
    if (!isParcel && this.faults.deaf-- > 0) return;
    const signed = { bytes: Buffer.from(manifest, 'base64'), signature: Buffer.from(signature, 'base64') };
    const opened = openManifest(signed, [{ key: keys.publicKey, kinds: ['files', 'firmware'] }]);
    assert.ok(opened.kind === 'ok');
    if (this.faults.refuses) {
      this.say({ kind: 'refuse', id, code: this.faults.refuses });
      return;
    }
    const open = (bytes: Buffer): void => {
      const read = openSeed(bytes, opened.value);
      assert.ok(read.kind === 'ok');
      this.#seeds.set(id, read.value);
      for (const early of this.#early.splice(0)) this.#data(early);
    };
    if (this.whole.has(id)) this.#done(id, 0);
    else if (seed) {
      open(Buffer.from(seed, 'base64'));
      if (!isParcel) this.say({ kind: 'ready', id, have: this.#have(id) });
      if (!isParcel && way === 'inline') setTimeout(() => this.#wantAll(id), PATIENCE_MS);
      if (this.pieces.get(id)?.size === this.#seeds.get(id)?.meta.pieceCount) this.#done(id, 0);
    } else {
      this.#parts.set(id, { bytes: Buffer.alloc(opened.value.seedBytes), had: 0, open });
      this.say({ kind: 'ready', id, have: [] });
    }
  }

  #seedPart({ id, at, bytes }: DownMessage & { kind: 'seed' }): void {
    const parts = this.#parts.get(id);
    if (!parts) return;
    const part = Buffer.from(bytes, 'base64');
    part.copy(parts.bytes, at);
    parts.had += part.length;
    if (parts.had < parts.bytes.length) return;
    this.#parts.delete(id);
    parts.open(parts.bytes);
    this.say({ kind: 'seeded', id, have: this.#have(id) });
  }

  #have(id: string) {
    const had = this.pieces.get(id);
    return rangesOf(this.#seeds.get(id)?.meta.pieceCount ?? 0, (piece) => had?.has(piece) ?? false);
  }

  #data(delivery: Delivery): void {
    const { type, correlationId: id = '', headers, body } = delivery;
    if (type === 'go') {
      delivery.ack();
      return;
    }
    if (type === PARCEL_TYPE) {
      this.#parcel(delivery);
      return;
    }
    const seed = this.#seeds.get(id);
    if (!seed) {
      this.#early.push(delivery);
      return;
    }
    delivery.ack();
    const { pieceLength } = seed.meta;
    for (let at = 0; at < body.length; at += pieceLength)
      this.#piece(id, seed, Number(headers?.piece) + at / pieceLength, body.subarray(at, at + pieceLength));
  }

  /** As if it had been offered, and its pieces had come. */
  #parcel(delivery: Delivery): void {
    const read = openParcel(delivery.headers, delivery.body);
    assert.ok(read.kind === 'ok');
    delivery.ack();
    const { offer, bytes } = read.value;
    this.parcels++;
    if (this.faults.deaf-- > 0) return;
    this.#offered(offer, true);
    const seed = this.#seeds.get(offer.id);
    if (!seed || this.faults.refuses || this.whole.has(offer.id)) return;
    const { pieceLength, pieceCount } = seed.meta;
    for (let piece = 0; piece < pieceCount; piece++)
      this.#piece(offer.id, seed, piece, bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength));
  }

  #piece(id: string, seed: Seed, piece: number, bytes: Buffer): void {
    if (this.faults.loses.delete(piece)) {
      setTimeout(() => this.say({ kind: 'want', id, pieces: [[piece, piece + 1]] }), 20);
      return;
    }
    assert.ok(isPiece(seed, piece, [bytes]), 'a wrong piece');
    this.cameBytes += bytes.length;
    const had = this.pieces.get(id) ?? new Map<number, Buffer>();
    this.pieces.set(id, had.set(piece, bytes));
    if (had.size === seed.meta.pieceCount) this.#done(id, this.cameBytes);
  }

  #done(id: string, amqpBytes: number): void {
    if (this.faults.mute-- > 0) return;
    this.whole.add(id);
    this.say({ kind: 'done', id, ms: 1, amqpBytes, swarmBytes: 0 });
  }
}
