/**
 * What the carousel saves: real clients fetch one torrent from the box at once, from a slow disk, with little memory. See README.md. Needs root.
 * argv: nothing, or one JSON object with other settings. Says one JSON line a run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { argv, execPath, pid } from 'node:process';
import { fileURLToPath } from 'node:url';
import { Hall } from './hall.ts';
import { readSettings } from './settings.ts';

const INSIDE = fileURLToPath(new URL('carousel-in-hall.ts', import.meta.url));

const settings = readSettings(argv[2]);
await using hall = await Hall.build(`sb-carousel-${pid}-`, settings.clients.length);
const places = hall.clients.map(({ name }) => name).join(',');
const [command = '', ...args] = hall.box.inside([execPath, INSIDE, JSON.stringify(settings), places]);
const child = spawn(command, args, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => child.kill(signal));
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;
