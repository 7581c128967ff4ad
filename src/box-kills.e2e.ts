/** Killed two hundred times under load: what the index knows, and what was said, is on the disks, and no byte is wrong. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertRemains, killAfter, startWriter } from '../scripts/disks/remains.ts';

const KILLS = 200;
const AT_ONCE = 2;
/** A torrent set is given this many lives, one after the other on the same disks, before the next begins. */
const LIVES = 4;
const LONGEST_MS = 150;

test(`SIGKILL at ${KILLS} random moments under load`, { timeout: 900_000 }, async () => {
  const seeds = Array.from({ length: KILLS / LIVES }, (_, i) => i).values();
  let [midway, kept, reported] = [0, 0, 0];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const seed of seeds) {
        const folder = mkdtempSync(join(tmpdir(), 'swarmbox-kills-'));
        const disks = ['a', 'b'].map((name) => join(folder, name));
        for (const path of disks) mkdirSync(path);
        const said: string[] = [];
        for (let life = 0; life < LIVES; life++) {
          const writer = await startWriter(folder, seed, disks);
          // Most die at work, wherever that is on this machine; some before they have begun.
          if (life > 0) await writer.productive;
          const lines = await killAfter(writer, Math.random() * LONGEST_MS);
          said.push(...lines);
          if (!lines.includes('filled')) midway++;
          if (lines.some((line) => line.startsWith('piece'))) reported++;
          kept += (await assertRemains(folder, seed, disks, said, true)).indexed;
        }
        rmSync(folder, { recursive: true });
      }
    }),
  );
  assert.ok(midway > KILLS / 4, `only ${midway} of ${KILLS} died at work`);
  assert.ok(reported > KILLS / 4 && kept > 0, `only ${reported} of ${KILLS} lived to report a piece`);
});
