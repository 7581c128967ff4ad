/**
 * `make first-byte`: how soon libtorrent with default settings (uTP first, then TCP) gets its first byte when the box holds
 * the torrent and every remote peer is dead. Beside it the same without the box, the peers alive.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median } from '../bench/figures.ts';
import { Cafe } from '../cafe/world.ts';

const ROUNDS = 5;
const script = fileURLToPath(new URL('./first-byte.py', import.meta.url));

async function firstByteS(cafe: Cafe, name: string): Promise<number> {
  let seconds: number | undefined;
  const argv = ['/usr/bin/python3', script, cafe.payload.torrentPath, join(cafe.dir, name)];
  const child = cafe.spawn(cafe.pc(2), argv, (line) => {
    const said = JSON.parse(line) as { firstByteS: number | null };
    seconds = said.firstByteS ?? undefined;
    console.log(JSON.stringify({ run: name, ...said }));
  });
  await child.exited;
  if (seconds === undefined) throw new Error(`${name}: no byte came\n${await child.tail()}`);
  return seconds;
}

async function rounds(cafe: Cafe, name: string): Promise<number> {
  const seen: number[] = [];
  for (let i = 1; i <= ROUNDS; i++) seen.push(await firstByteS(cafe, `${name}-${i}`));
  return median(seen);
}

const prefix = process.env.CAFE_PREFIX ?? 'swarmbox-first-';
await using cafe = await Cafe.start({
  prefix,
  sizeMib: 4,
  wanMbit: 50,
  clients: ['aria2', 'libtorrent'],
  seeders: ['libtorrent'],
});
const direct = await rounds(cafe, 'direct');
await cafe.daemon.start();
await (await cafe.download(1, 'aria2')).complete(120);
await cafe.killSeeders();
await sleep(1_000);
const dead = await rounds(cafe, 'dead');
console.log(
  JSON.stringify({ firstByte: 'libtorrent, default settings', directS: direct, deadS: dead, rounds: ROUNDS }),
);
