/** What learning costs: the steering worker's processor time for each packet that it reads, holds, or never sees. */
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Net } from '../cafe/net.ts';
import type { Child } from '../cafe/processes.ts';
import { until } from '../cafe/servers.ts';
import { boxPlace } from './box-place.ts';
import type { Children } from './children.ts';

type Said = { readonly cpuUs: number; readonly learned: number; readonly held: number };

const LOADS = [
  ['chatter', 20_000],
  ['asks', 4_000],
  ['answers', 1_000],
  ['new-peers', 200],
  ['gets', 400],
] as const;
const WINDOW_MS = 3_000;
/** Longer than the worker's reports are apart, and time for what is still on its way. */
const SETTLE_MS = 2_000;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Rows of `{"bench":"tap",...}`. Needs root: it makes a bridge in a namespace of its own. */
export async function tapCosts(children: Children): Promise<object[]> {
  const net = new Net(`bench-${process.pid}-`);
  try {
    const place = await boxPlace(net);
    const lines: Said[] = [];
    const box = children.talker('tap-box', place.inside([execPath, script('tap-box.ts')]), (line) =>
      lines.push(JSON.parse(line) as Said),
    );
    const idle = await costOf(box, lines, async () => {
      await sleep(WINDOW_MS);
      return 0;
    });
    const rows: object[] = [];
    for (const [kind, perS] of LOADS) {
      const argv = place.inside([execPath, script('tap-blast.ts'), kind, String(perS), String(WINDOW_MS)]);
      const cost = await costOf(box, lines, async () => (await children.figures<{ sent: number }>('blast', argv)).sent);
      const us = (cost.cpuUs - idle.cpuUs) / cost.sent;
      rows.push({
        bench: 'tap',
        kind,
        perS,
        usPerPacket: Number(us.toFixed(2)),
        learned: cost.learned,
        held: cost.held,
      });
    }
    await box.stop();
    return rows;
  } finally {
    await net.close();
  }
}

async function costOf(
  box: Child,
  lines: Said[],
  load: () => Promise<number>,
): Promise<Said & { readonly sent: number }> {
  const ask = async (): Promise<Said> => {
    const count = lines.length;
    box.write('\n');
    await until('the tap', async () => lines.length > count, 10_000, box);
    return lines.at(-1) as Said;
  };
  await until('the tap', async () => lines.length > 0, 10_000, box);
  const before = await ask();
  const sent = await load();
  await sleep(SETTLE_MS);
  const after = await ask();
  return {
    cpuUs: after.cpuUs - before.cpuUs,
    learned: after.learned - before.learned,
    held: after.held - before.held,
    sent,
  };
}
