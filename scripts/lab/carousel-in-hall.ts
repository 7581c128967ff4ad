/** The box's part of `carousel.ts`, in its place in the hall. argv: the settings, and the namespaces of the clients. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MIB } from '#base/units.ts';
import { Place } from '../cafe/net.ts';
import { makePayload, type Payload, wrongFiles } from '../cafe/payload.ts';
import { Processes } from '../cafe/processes.ts';
import { CarouselBox } from './carousel-box.ts';
import { prepare } from './clients.ts';
import { BOX_IP } from './hall.ts';
import { readSettings, type Settings } from './settings.ts';
import { SlowDisk } from './slow-disk.ts';

const POLL_MS = 50;
const SAY_EVERY_S = 2;

class Run {
  readonly #settings: Settings;
  readonly #dir: string;
  readonly #processes: Processes;
  readonly #places: readonly Place[];
  readonly #homes: string[] = [];
  /** Seconds after which each of the clients had everything. */
  readonly #doneAt: number[] = [];

  constructor(settings: Settings, places: readonly Place[], dir: string, processes: Processes) {
    this.#settings = settings;
    this.#places = places;
    this.#dir = dir;
    this.#processes = processes;
  }

  async figures(carousel: boolean): Promise<object> {
    const { torrentMiB, pieceKiB, cacheMiB, seekMs, MBps } = this.#settings;
    const sizes = { totalBytes: torrentMiB * MIB, pieceBytes: pieceKiB * 1024, seed: 'swarmbox' };
    const payload = await makePayload({ dir: this.#dir, ...sizes, trackers: [] });
    const disk = new SlowDisk(seekMs, MBps * 1_000);
    const { torrentPath } = payload;
    const believed = { seekMs: carousel ? seekMs : 0, cacheBytes: cacheMiB * MIB };
    await using box = new CarouselBox({ torrentPath, dir: this.#dir, disk, ...believed });
    const ip = BOX_IP;
    await box.listen(ip);
    // The same torrent again, now that the tracker's address is known.
    const named = await makePayload({ dir: join(this.#dir, 'named'), ...sizes, trackers: [box.announceUrl] });
    const begunMs = performance.now();
    await this.#start(named.torrentPath, { ip, port: box.port });
    const seconds = await this.#wait(box, begunMs);
    const wrong = await this.#wrong(payload);
    return {
      carousel,
      seconds,
      doneAt: this.#doneAt,
      readPerServed: Number((box.readBytes / box.servedBytes).toFixed(3)),
      servedMB: Math.round(box.servedBytes / 1e6),
      diskBusy: Number((disk.busyMs / 1_000 / seconds).toFixed(2)),
      seeksPerRead: Number((disk.seeks / disk.reads).toFixed(2)),
      connections: box.taken,
      brokenOff: box.left,
      wrongFiles: wrong.length,
    };
  }

  async #start(torrentPath: string, box: { ip: string; port: number }): Promise<void> {
    for (const [i, kind] of this.#settings.clients.entries()) {
      if (i > 0) await sleep(this.#settings.apartS * 1_000);
      const home = join(this.#dir, `client-${i}`);
      this.#homes.push(home);
      const command = await prepare(kind, { torrentPath, home, box });
      const place = this.#places[i] as Place;
      this.#processes.start({ name: `client-${i}`, argv: place.inside(command), logPath: `${home}.log`, input: true });
    }
  }

  /** Until all have everything, or the time is over. Returns the seconds. */
  async #wait(box: CarouselBox, begunMs: number): Promise<number> {
    const { clients, limitS, verbose } = this.#settings;
    for (let saidS = 0; ; await sleep(POLL_MS)) {
      const seconds = Number(((performance.now() - begunMs) / 1_000).toFixed(1));
      while (this.#doneAt.length < this.#finished(box)) this.#doneAt.push(seconds);
      if (this.#doneAt.length === clients.length || seconds > limitS) return seconds;
      if (!verbose || seconds - saidS < SAY_EVERY_S) continue;
      saidS = seconds;
      console.error(seconds, box.standing());
    }
  }

  /** aria2 may have two connections: no more of a kind are counted than were started. */
  #finished(box: CarouselBox): number {
    const names = box.finished().map((name) => name.toLowerCase());
    const programs = this.#settings.clients.map((kind) => kind.split(' ')[0] as string);
    return [...new Set(programs)].reduce((sum, program) => {
      const done = names.filter((name) => name.startsWith(program)).length;
      return sum + Math.min(done, programs.filter((p) => p === program).length);
    }, 0);
  }

  /** A client writes its last pieces after it has said that it has them. */
  async #wrong(payload: Payload): Promise<string[]> {
    let wrong: string[] = [];
    for (let i = 0; i < 20; i++) {
      wrong = (await Promise.all(this.#homes.map((home) => wrongFiles(payload, home)))).flat();
      if (wrong.length === 0) break;
      await sleep(500);
    }
    return wrong;
  }
}

const settings = readSettings(argv[2]);
const places = (argv[3] ?? '').split(',').map((name) => new Place(name));
const processes = new Processes();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void processes.killAll().then(() => process.exit(1)));
for (let round = 0; round < settings.rounds; round++)
  for (const carousel of settings.carousel) {
    const dir = await mkdtemp(join(tmpdir(), 'swarmbox-carousel-'));
    try {
      console.log(JSON.stringify(await new Run(settings, places, dir, processes).figures(carousel)));
    } finally {
      await processes.killAll();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  }
