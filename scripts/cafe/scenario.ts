/** Direct, cold, warm: the same files to PC 1 without the box's daemon, to PC 1 with it, then to PC 2, 3, ... */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientKind } from './clients/client.ts';
import { ProgressLine } from './progress-line.ts';
import type { Findings, PcResult, Phase } from './report.ts';
import { ECHO_PORT, HTTP_PORT, HTTP_URL, httpFileSha1 } from './servers.ts';
import { SERVER_IP } from './topology.ts';
import type { BoxCounters, Cafe } from './world.ts';

/** The other traffic starts when the cold download is well under way, or after this long. */
const UNDER_WAY = 0.05;
const UNDER_WAY_LIMIT_MS = 20_000;

/** On the page of the cafe's box. */
const ACCOUNT = { name: 'operator', password: 'cafe-in-a-box' };

/** Verdicts of the daemon that mean "left alone". */
const LEFT_ALONE = new Set(['passed']);

export type Say = (line: string) => void;

export class Scenario {
  readonly #cafe: Cafe;
  readonly #say: Say;
  readonly #results: PcResult[] = [];
  readonly #troubles: string[] = [];
  #passOk = false;
  /** The client that downloads just now. */
  #current: { progress(): { fraction: number } } | undefined;

  constructor(cafe: Cafe, say: Say) {
    this.#cafe = cafe;
    this.#say = say;
  }

  /** Runs every phase that can be run. What goes wrong becomes a finding; the signal's abort is thrown. */
  async run(signal: AbortSignal): Promise<Findings> {
    const { clients, dead } = this.#cafe.settings;
    const first = clients[0] as ClientKind;
    // The same other traffic in both runs of PC 1: it takes the same share of the line from direct and from cold.
    await Promise.all([this.#otherTraffic(signal, 'direct'), this.#phase('direct', 1, first, signal)]);
    const before = await this.#startBox();
    if (before) {
      this.#current = undefined;
      const [untouched] = await Promise.all([
        this.#otherTraffic(signal, 'cold'),
        this.#phase('cold', 1, first, signal),
      ]);
      this.#passOk = untouched;
      if (dead) await this.#killSeeders();
      for (const [i, kind] of clients.entries()) if (i > 0) await this.#phase('warm', i + 1, kind, signal);
    }
    const after = await this.#cafe.counters();
    return {
      sizeBytes: this.#cafe.payload.totalBytes,
      results: this.#results,
      wanBytes: before ? after.wanRxBytes - before.wanRxBytes : 0,
      lanBytes: before ? after.lanTxBytes - before.lanTxBytes : 0,
      pcs: clients.length,
      passOk: this.#passOk,
      troubles: this.#troubles,
    };
  }

  async #phase(phase: Phase, pc: number, client: ClientKind, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const download = await this.#cafe.download(pc, client);
    this.#current = download.client;
    try {
      const label = `${phase.padEnd(6)} PC ${pc} ${client.padEnd(12)}`;
      const line = new ProgressLine(label, () => download.client.progress());
      const { seconds } = await download.complete(this.#cafe.settings.phaseLimitS).finally(() => line.end());
      const wrong = await download.wrongFiles();
      this.#results.push({ phase, pc, client, seconds, sha1ok: wrong.length === 0 });
      for (const path of wrong)
        this.#troubles.push(`${phase}, PC ${pc} (${client}): ${path} differs from the seeders' file`);
      const rate = this.#cafe.payload.totalBytes / 1e6 / seconds;
      this.#say(`${phase.padEnd(6)} PC ${pc} ${client}: ${seconds.toFixed(1)} s, ${rate.toFixed(2)} MB/s`);
    } catch (error) {
      signal.throwIfAborted();
      this.#troubles.push(`${phase}, PC ${pc} (${client}): ${(error as Error).message}`);
      this.#say(this.#troubles.at(-1) as string);
      if (this.#cafe.daemon.running || phase !== 'direct') this.#say(await this.#cafe.daemon.tail());
    } finally {
      await download.remove();
    }
  }

  async #startBox(): Promise<BoxCounters | undefined> {
    const before = await this.#cafe.counters();
    try {
      await this.#cafe.daemon.start();
      // Whoever can reach this page is at this machine: guests may look, and the account is told to all.
      await this.#cafe.daemon.command('POST', '/api/set-up', { ...ACCOUNT, guestsMayLook: true });
      this.#say(`the box is at work; to change things on its page, sign in: ${ACCOUNT.name} / ${ACCOUNT.password}`);
      return before;
    } catch (error) {
      this.#troubles.push(`box: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** An ordinary download, an echo over TCP and one over UDP while the box is busy: identical, and never steered. */
  async #otherTraffic(signal: AbortSignal, phase: 'direct' | 'cold'): Promise<boolean> {
    const end = performance.now() + UNDER_WAY_LIMIT_MS;
    while (performance.now() < end && (this.#current?.progress().fraction ?? 0) < UNDER_WAY) {
      if (signal.aborted) return false;
      await sleep(200);
    }
    try {
      const http = await this.#cafe.probe(1, 'http', HTTP_URL);
      const tcp = await this.#cafe.probe(1, 'tcp-echo', SERVER_IP, ECHO_PORT);
      const udp = await this.#cafe.probe(1, 'udp-echo', SERVER_IP, ECHO_PORT);
      const touched = phase === 'cold' ? await this.#verdictsOnServer() : [];
      const wrong = [
        ...(http.sha1 === httpFileSha1() ? [] : [`the HTTP download differs (${http.why ?? `${http.bytes} bytes`})`]),
        ...(tcp.ok ? [] : [`the TCP echo failed (${tcp.why ?? 'other bytes came back'})`]),
        ...(udp.ok ? [] : [`the UDP echo failed (${udp.why ?? 'other bytes came back'})`]),
        ...touched,
      ];
      this.#troubles.push(...wrong.map((w) => `other traffic, ${phase}: ${w}`));
      return wrong.length === 0;
    } catch (error) {
      if (!signal.aborted) this.#troubles.push(`other traffic, ${phase}: ${(error as Error).message}`);
      return false;
    }
  }

  async #verdictsOnServer(): Promise<string[]> {
    const { steering } = await this.#cafe.daemon.snapshot();
    return steering.recent
      .filter((v) => v.endpoint === `${SERVER_IP}:${HTTP_PORT}` && !LEFT_ALONE.has(v.verdict))
      .map((v) => `the HTTP server was ${v.verdict}: ${v.why}`);
  }

  async #killSeeders(): Promise<void> {
    await this.#cafe.killSeeders();
    const named = await this.#cafe.tracker.seeders(this.#cafe.payload.infoHash);
    this.#say(`the seeders are dead; the tracker still names ${named ?? 0} complete peers`);
    if ((named ?? 0) < this.#cafe.settings.seeders.length)
      this.#troubles.push('dead: the tracker forgot the seeders, so the warm downloads would prove nothing');
  }
}
