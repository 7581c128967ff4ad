import { isIP, isIPv4 } from 'node:net';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { errorText } from '#base/errors.ts';
import { clearBell, waitReadable } from '#kernel/libc.ts';
import { type LoggedPacket, NflogSocket } from '#kernel/nflog-socket.ts';
import { NftCounters } from '#kernel/nft-counters.ts';
import { Nftables } from '#kernel/nftables.ts';
import { PacketSender } from '#kernel/packet-socket.ts';
import { parsePacket, segmentPacket, udp6Answer } from '#wire/ip-packet.ts';
import { encodeUtpReset, parseUtpSyn } from '#wire/utp.ts';
import { LOGGED } from './learn-rules.ts';
import { LIMITS } from './limits.ts';
import { destination, source } from './seen.ts';
import { SteeredSet } from './steered-set.ts';
import {
  BEAT,
  type FromWorker,
  type Membership,
  type Pair,
  ROOM,
  type SteeringWhy,
  type ToWorker,
  type WorkerSettings,
} from './steering-messages.ts';
import {
  arm,
  disarm,
  hold,
  isPassed,
  isSteered,
  ownedHalf,
  pass,
  RESTED,
  removeOwnedHalf,
  steer,
  stopHolding,
  TABLE_NAME,
} from './steering-rules.ts';
import { taggedCounts } from './tagged-rules.ts';
import { Tap } from './tap.ts';

/**
 * The steering worker: one thread that owns the kernel rules and the tap, so that a held answer waits for nothing
 * else in the daemon. It blocks in poll(2) and never returns to an event loop.
 */

if (!parentPort) throw new Error('bug: the steering worker runs as a worker thread');
const main = parentPort;
const settings = workerData as WorkerSettings;
const tell = (message: FromWorker): void => main.postMessage(message);

const POLL_MS = 200;
/** The loop that counts a report wants no more than one a second. */
const COUNT_EVERY_MS = 1000;

class Steering {
  readonly #nft = new Nftables();
  readonly #counters = new NftCounters(TABLE_NAME);
  readonly #log = new NflogSocket(settings.logGroup);
  readonly #toLan = new PacketSender(settings.lan);
  readonly #tap = new Tap();
  readonly #steered = new SteeredSet(settings.neverSteer);
  readonly #signs = new Int32Array(settings.heartbeat);
  #lastBeat = 0;
  #beatAtMs = 0;
  #why: SteeringWhy | undefined;
  #resting = false;
  /** What the kernel is still to be told of pairs that pass. */
  #passes = '';
  #held = 0;
  #lost = 0;
  #countedAtMs = 0;

  run(): void {
    // What a killed daemon left is gone with it; a table of that name can only be ours from a failed start.
    this.#nft.run(ownedHalf(settings));
    this.#keepArmed(Date.now());
    for (;;) {
      waitReadable([this.#log.fd, settings.bell], POLL_MS);
      const nowMs = Date.now();
      this.#keepArmed(nowMs);
      if (!this.#obey(nowMs)) return;
      this.#log.read((p) => this.#packet(p, nowMs));
      this.#count(nowMs);
    }
  }

  /** False when told to stop. */
  #obey(nowMs: number): boolean {
    clearBell(settings.bell);
    for (let got = receiveMessageOnPort(main); got; got = receiveMessageOnPort(main)) {
      const message = got.message as ToWorker;
      if (message.kind === 'stop') {
        this.#stop();
        return false;
      }
      this.#try(() => {
        if (message.kind === 'steer') this.#steer(message.endpoints, nowMs);
        else if (message.kind === 'rest') this.#rest(message.resting, nowMs);
        else if (message.kind === 'pass') this.#pass(message, nowMs);
        else {
          this.#tellPasses();
          tell({
            kind: 'membership',
            number: message.number,
            pairs: message.pairs.map((pair) => this.#membership(pair)),
          });
        }
      });
    }
    this.#try(() => this.#tellPasses());
    return true;
  }

  #steer(endpoints: Parameters<SteeredSet['admit']>[0], nowMs: number): number {
    const { added, renewed } = this.#steered.admit(endpoints, nowMs);
    const count = added.length + renewed.length;
    if (count > 0) this.#nft.run(steer(added, renewed));
    return count;
  }

  #pass({ client, endpoint, briefly }: ToWorker & { kind: 'pass' }, nowMs: number): void {
    if (!this.#steered.pass(client, endpoint, briefly, nowMs)) return;
    this.#passes += pass(client, endpoint, briefly ? LIMITS.passBrieflyMs : LIMITS.passForMs);
  }

  /** One transaction for all: alone each takes a millisecond, in which no held answer is read. */
  #tellPasses(): void {
    const passes = this.#passes;
    this.#passes = '';
    if (passes) this.#nft.run(passes);
  }

  #membership({ client, endpoint }: Pair): Membership {
    const holds = (question: string): boolean => {
      try {
        this.#nft.run(question);
        return true;
      } catch {
        return false;
      }
    };
    const ofOneFamily = isIPv4(client) === isIPv4(endpoint.ip) && isIP(client) !== 0;
    return { steered: holds(isSteered(endpoint)), passed: ofOneFamily && holds(isPassed(client, endpoint)) };
  }

  #packet(p: LoggedPacket, nowMs: number): void {
    this.#try(() => this.#learn(p, nowMs));
    if (p.prefix === LOGGED.held) this.#release(p);
  }

  #learn(p: LoggedPacket, nowMs: number): void {
    // A long answer over UDP comes in fragments: the first, which alone is held, names the peers that fit into it.
    const packet = parsePacket(p.packet, p.prefix === LOGGED.held ? 'capture' : 'wire');
    if (!packet) return;
    if (p.prefix === LOGGED.utp) {
      if (packet.version === 6) this.#refuseUtp6(p, packet.payload);
      // Copied: the buffer is read into again before the main thread looks.
      const payload = Uint8Array.from(packet.payload);
      const client = { ...source(packet), ...(p.vlan && { vlan: p.vlan }) };
      tell({ kind: 'utp-syn', value: { client, endpoint: destination(packet), payload } });
      return;
    }
    for (const seen of this.#tap.read(p.prefix, packet, nowMs)) {
      if (seen.kind === 'announced' || seen.kind === 'passed') tell(seen);
      else if (seen.kind === 'hold') this.#nft.run(hold(seen.client, seen.server));
      else if (seen.kind === 'done') this.#nft.run(stopHolding(seen.client, seen.server));
      else {
        const steered = this.#steer(seen.value.endpoints, nowMs);
        tell({ kind: 'learned', value: seen.value, steered });
      }
    }
  }

  /**
   * Refuses a uTP connection over IPv6 in the endpoint's name: raw IPv6 sockets take no header of ours, so the answer is made
   * from the SYN's own frame, MAC addresses swapped too. Over IPv4 the main thread does it, through a raw socket.
   */
  #refuseUtp6({ link, packet }: LoggedPacket, payload: Buffer): void {
    const syn = parseUtpSyn(payload);
    const answer = syn && udp6Answer(packet, encodeUtpReset(syn.connectionId, syn.seq));
    if (!answer || link.length < 14) return;
    this.#toLan.send(Buffer.concat([link.subarray(6, 12), link.subarray(0, 6), link.subarray(12), answer]));
  }

  /** Sends a held packet on its way, with the link header that it came with. */
  #release({ link, packet }: LoggedPacket): void {
    this.#held++;
    try {
      for (const piece of segmentPacket(packet, settings.mtu)) this.#toLan.send(Buffer.concat([link, piece]));
    } catch (error) {
      // The sender repeats what is not acknowledged; the rule lets it pass once the ask has timed out.
      this.#lost++;
      tell({ kind: 'trouble', why: `a held answer could not be sent on: ${errorText(error)}` });
    }
  }

  #rest(resting: boolean, nowMs: number): void {
    this.#resting = resting;
    this.#beatAtMs = nowMs; // who says so is alive
    if (resting) this.#nft.run(disarm());
    else this.#arm();
    this.#keepArmed(nowMs);
  }

  #arm(): void {
    this.#nft.run(arm(settings, Atomics.load(this.#signs, ROOM)));
  }

  #keepArmed(nowMs: number): void {
    const beat = Atomics.load(this.#signs, BEAT);
    if (beat !== this.#lastBeat) {
      this.#lastBeat = beat;
      this.#beatAtMs = nowMs;
      if (!this.#resting) this.#try(() => this.#arm());
    }
    const alive = nowMs - this.#beatAtMs < LIMITS.armedForMs;
    const why = this.#resting ? 'overload' : alive ? 'alive' : 'main-loop-silent';
    if (why === this.#why) return;
    this.#why = why;
    tell({ kind: 'armed', armed: why === 'alive', why });
  }

  #count(nowMs: number): void {
    if (nowMs - this.#countedAtMs < COUNT_EVERY_MS) return;
    this.#countedAtMs = nowMs;
    let counted: ReturnType<NftCounters['read']> | undefined;
    this.#try(() => {
      counted = this.#counters.read();
    });
    const lost = this.#lost + this.#log.overruns;
    tell({
      kind: 'count',
      endpoints: this.#steered.size,
      held: this.#held,
      lost,
      restedFlows: counted?.get(RESTED)?.packets,
      tagged: counted && taggedCounts(counted),
    });
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      tell({ kind: 'trouble', why: errorText(error) });
    }
  }

  #stop(): void {
    this.#try(() => void this.#nft.run(disarm()));
    this.#try(() => void this.#nft.run(removeOwnedHalf()));
    this.#nft.free();
    this.#counters.close();
    this.#log.close();
    this.#toLan.close();
    tell({ kind: 'stopped' });
    main.close();
  }
}

new Steering().run();
