/** Asks the running box to explain flows, in lines for a person. See `scripts/why`. */
import { request } from 'node:http';
import { isIP } from 'node:net';
import { argv, env, exit } from 'node:process';
import type { ExplainView } from '#admin/contract.ts';

const admin = env.ADMIN || 'http://127.0.0.1:8080';
const LIMIT_MS = 10_000;
const USAGE = 'usage: scripts/why [CLIENT] [ENDPOINT], such as: scripts/why 192.168.1.20 203.0.113.9:6881';

function pathOf(words: readonly string[]): string {
  const query = new URLSearchParams();
  for (const word of words) query.append(isIP(word) ? 'client' : 'endpoint', word);
  return `/api/explain?${query}`;
}

function ask(path: string): Promise<{ status: number; body: string }> {
  const at = admin.startsWith('/') ? { socketPath: admin, path, headers: { host: 'localhost' } } : new URL(path, admin);
  return new Promise((resolve, reject) => {
    const asked = request(at, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part as Buffer);
      resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() });
    });
    asked.setTimeout(LIMIT_MS, () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
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
  const { status, body } = await ask(pathOf(words));
  if (status !== 200) throw new Error(body.trim());
  const flows = JSON.parse(body) as ExplainView[];
  console.log(flows.length === 0 ? 'The box knows of no such flow.' : flows.map(told).join('\n'));
} catch (error) {
  console.error(`why: ${admin}: ${(error as Error).message}`);
  exit(1);
}
