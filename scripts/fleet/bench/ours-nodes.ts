/** Some nodes of ours, each as `swarmbox terminal` runs it. Started by `ours.ts`. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { logTo } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { runTerminal } from '../../../src/fleet/node/role.ts';
import { runCommand } from '../../../src/kernel/command.ts';
import { Arrivals, answering } from './lines.ts';
import type { OursNodes } from './ours-words.ts';

const { nodes } = JSON.parse(process.argv[2] ?? '{}') as OursNodes;
const arrivals = new Arrivals();
const running: Scope[] = [];

await answering({
  stand: async () => {
    for (const { number, config } of nodes) {
      const log = logTo(({ level, event, fields }) => {
        if (event === 'distribution whole') arrivals.arrived(String(fields.distribution), number);
        if (level !== 'info') console.error(number, event, JSON.stringify(fields));
      });
      running.push(await runTerminal(config, log, runCommand));
    }
  },
  all: async ({ id }) => ({ nodesMs: await arrivals.all(String(id), nodes.length) }),
  forget: async ({ name }) =>
    void (await Promise.all(
      nodes.map(({ folder }) => rm(join(folder, String(name)), { recursive: true, force: true })),
    )),
  end: async () => void (await Promise.all(running.map((scope) => scope.close()))),
});
