/** Asks the running box to explain flows, in lines for a person. See `scripts/why`. */
import { isIP } from 'node:net';
import { argv, exit } from 'node:process';
import { json } from 'node:stream/consumers';
import type { ExplainView } from '#admin/contract.ts';
import { admin, askBox } from './ask-box.ts';

const USAGE = 'usage: scripts/why [CLIENT] [ENDPOINT], such as: scripts/why 192.168.1.20 203.0.113.9:6881';

function pathOf(words: readonly string[]): string {
  const query = new URLSearchParams();
  for (const word of words) query.append(isIP(word) ? 'client' : 'endpoint', word);
  return `/api/explain?${query}`;
}

const time = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

function told(flow: ExplainView): string {
  const { learned, kernel } = flow;
  const lines = [
    `${flow.client ?? 'any client'} -> ${flow.endpoint}: ${flow.verdict} (${flow.why})`,
    learned && `  learned from ${learned.from} at ${time(learned.atMs)}, torrent ${learned.infoHash}`,
    flow.firstAtMs && flow.lastAtMs && `  first seen ${time(flow.firstAtMs)}, last ${time(flow.lastAtMs)}`,
    flow.upBytes + flow.downBytes > 0 && `  ${flow.upBytes} bytes from the client, ${flow.downBytes} to it`,
    `  its next connection ${kernel.steered && !kernel.passed ? 'comes to the box' : 'passes'}`,
  ];
  return lines.filter(Boolean).join('\n');
}

const words = argv.slice(2);
if (words.length > 2 || words.some((word) => word.startsWith('-'))) {
  console.error(USAGE);
  exit(2);
}
try {
  const flows = (await json(await askBox({ path: pathOf(words) }))) as ExplainView[];
  console.log(flows.length === 0 ? 'The box knows of no such flow.' : flows.map(told).join('\n'));
} catch (error) {
  console.error(`why: ${admin}: ${(error as Error).message}`);
  exit(1);
}
