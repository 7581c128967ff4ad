/**
 * The product's own rules, judged by the policy lab: see README.md. One JSON line a scenario, rule and setting, means over the seeds. Nothing here fails because
 * a figure is low. WHAT=slots,eviction,ram; SCENARIOS=cafe,campus,scan; SEEDS=1-5.
 */
import { env } from 'node:process';
import { judgeEviction } from './judge-eviction.ts';
import { judgeRam } from './judge-ram.ts';
import { judgeSlots } from './judge-slots.ts';
import { builtLab, LAB } from './referee.ts';

const JUDGES = { slots: judgeSlots, eviction: judgeEviction, ram: judgeRam };
const SCENARIOS = ['cafe', 'campus', 'scan'];

function chosen(name: string, all: readonly string[]): string[] {
  const names = env[name]?.split(',') ?? [...all];
  const unknown = names.find((one) => !all.includes(one));
  if (unknown !== undefined) throw new Error(`${name} knows no '${unknown}': it may name ${all.join(', ')}`);
  return names;
}

const what = chosen('WHAT', Object.keys(JUDGES)) as (keyof typeof JUDGES)[];
const scenarios = chosen('SCENARIOS', SCENARIOS);
const lab = await builtLab();
if (!lab) console.error(`sim: there is no policy lab at ${LAB} (LAB names another place): its judgements are left out`);
else for (const one of what) for (const scenario of scenarios) JUDGES[one](lab, scenario);
