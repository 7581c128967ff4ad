/**
 * The real steering worker over a bridge, and what it costs. For each line on its standard input it says one line:
 * `{"cpuUs":n,"learned":n,"held":n}`, all since its start.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Scope } from '#base/scope.ts';
import { LIMITS } from '#entry/limits.ts';
import { Steering } from '#entry/steering.ts';

const scope = new Scope((error) => console.error(error));
let learned = 0;
const fail = (why: string | Error): never => {
  throw new Error(`steering: ${why}`);
};
const steering = await Steering.start(
  {
    lan: 'lan0',
    wan: 'wan0',
    vlans: [],
    bridgeMac: readFileSync('/sys/class/net/br0/address', 'utf8').trim(),
    mtu: 1500,
    listenPort: 7000,
    logGroup: 17,
    optOut: [],
    neverSteer: [],
  },
  {
    learned: () => void learned++,
    announced: () => {},
    utpSyn: () => {},
    passed: () => {},
    room: () => LIMITS.steeredAtOnce,
    trouble: fail,
    failed: fail,
  },
  scope,
);
const tell = (): void => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ cpuUs: user + system, learned, held: steering.state.held }));
};
tell();
for await (const _ of createInterface({ input: process.stdin })) tell();
await scope.close();
