import { join } from 'node:path';
import { execPath } from 'node:process';
import type { Payload } from '../cafe/payload.ts';
import type { Children, Talk } from './children.ts';
import { type Entrant, script } from './entrants.ts';
import { type Cache, type Left, type Serving, servingOf, type Turn } from './figures.ts';
import type { Loaded, LoadOrder } from './load/leech.ts';
import type { Load } from './plan.ts';
import { SETTINGS } from './settings.ts';

export type Match = {
  readonly bench: string;
  readonly cache: Cache;
  readonly load: Load;
  readonly encrypted: boolean;
  readonly rounds: number;
};

type Opened = { readonly entrant: Entrant; readonly load: Talk<{ ready: number }, Loaded> };

/** One box and its peers over the same content, loaded in pairs: box, peer, box, next peer. */
export class Contest {
  readonly #children: Children;
  readonly #content: Payload;
  readonly #box: Entrant;
  readonly #peers: readonly Entrant[];

  constructor(children: Children, content: Payload, box: Entrant, peers: readonly Entrant[]) {
    this.#children = children;
    this.#content = content;
    this.#box = box;
    this.#peers = peers;
  }

  async run(match: Match): Promise<(Serving | Left)[]> {
    const left: Left[] = [];
    const refuse = (peer: Entrant, error: unknown): undefined =>
      void left.push({ bench: match.bench, peer: peer.name, left: (error as Error).message });
    const can = this.#peers.filter((peer) => {
      const why = match.encrypted && peer.kind === 'nginx' ? 'a file server has no encrypted BitTorrent' : undefined;
      if (why) refuse(peer, new Error(why));
      return !why;
    });
    // All at once: some let clients in every ten seconds alone.
    const opening = can.map((peer) => this.#open(peer, match).catch((error: unknown) => refuse(peer, error)));
    const box = await this.#open(this.#box, match);
    const opened = (await Promise.all(opening)).filter((one) => one !== undefined);
    const turns = new Map<Opened, Turn[]>(opened.map((one) => [one, []]));
    for (let round = 0; round < match.rounds; round++)
      for (const [peer, taken] of turns) {
        const mine = await box.load.ask();
        try {
          taken.push({ box: mine, peer: await peer.load.ask() });
        } catch (error) {
          turns.delete(peer);
          refuse(peer.entrant, error);
        }
      }
    for (const { load } of [box, ...opened]) load.child.kill('SIGKILL');
    const { bench, cache } = match;
    const rows = [...turns].map(([{ entrant }, taken]) =>
      servingOf({ bench, ...match.load, cache, peer: entrant.name }, taken),
    );
    return [...rows, ...left];
  }

  async #open(entrant: Entrant, match: Match): Promise<Opened> {
    const order: LoadOrder = {
      torrentPath: this.#content.torrentPath,
      port: entrant.port,
      group: entrant.child.pid,
      ...match.load,
      how: entrant.kind === 'nginx' ? this.#largestFile() : match.encrypted ? 'encrypted' : 'plain',
      order: 'in-order',
      warmUpMs: SETTINGS.warmUpMs,
      windowMs: SETTINGS.windowMs,
    };
    const argv = [execPath, script('load/leech.ts'), JSON.stringify(order)];
    return { entrant, load: await this.#children.talk(`load-${entrant.kind}`, argv) };
  }

  #largestFile(): { path: string; fileBytes: number } {
    const [largest] = this.#content.files.toSorted((a, b) => b.lengthBytes - a.lengthBytes);
    const path = join('/', largest?.path ?? '');
    return { path: encodeURI(path), fileBytes: largest?.lengthBytes ?? 0 };
  }
}
