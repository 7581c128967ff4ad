/**
 * The box's serving path without its kernel half: recogniser, flow stream, task, client connections, store. argv: a
 * BoxOrder as JSON. Says `{"port":n}`; ends when its standard input does.
 */
import net, { type AddressInfo, type Socket } from 'node:net';
import { argv, exit, stdin } from 'node:process';
import { plainIp } from '#base/endpoint.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import { Recogniser } from '#entry/recogniser.ts';
import type { Task } from '#task/task.ts';
import { SkeyTable } from '#wire/mse.ts';
import { benchTask } from './bench-task.ts';
import { metainfoOf, openStore, stock } from './stocked-store.ts';

export type BoxOrder = {
  readonly torrentPath: string;
  /** Where the torrent's files are; undefined: the store has all pieces already. */
  readonly contentDir?: string;
  readonly dataDir: string;
  readonly cacheBytes: number;
};

const BACKLOG = 4096;
/** A task takes 512 clients: for more of them there are more tasks of the torrent, over one store. */
const CLIENTS_PER_TASK = 500;

const o = JSON.parse(argv[2] ?? '{}') as BoxOrder;
const meta = metainfoOf(o.torrentPath);
const store = await openStore(o);
if (o.contentDir !== undefined) await stock(store, meta, o.contentDir);
const tasks: Task[] = [];
const keys = new SkeyTable();
keys.add(meta.infoHash);

function taskWithRoom(): Task {
  const roomy = tasks.find((task) => task.clients < CLIENTS_PER_TASK);
  if (roomy) return roomy;
  const task = benchTask(store, meta, 'all');
  tasks.push(task);
  return task;
}

function serve(socket: Socket): void {
  const recogniser = new Recogniser(() => keys);
  const onData = (bytes: Buffer): void => {
    const step = recogniser.push(bytes);
    if (step.kind === 'more' || step.kind === 'peer') for (const answer of step.send) socket.write(answer);
    if (step.kind === 'more') return;
    socket.off('data', onData);
    if (step.kind !== 'peer') return void socket.destroy();
    const remote = { ip: plainIp(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const stream = new FlowStream(socket, remote, step.ciphers, { upBytes: 0, downBytes: 0 });
    if (taskWithRoom().join(stream, step.handshake, step.early)) stream.destroy();
  };
  socket.on('error', () => {}).on('data', onData);
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, serve);
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () =>
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })),
);
stdin.on('end', () => exit(0)).resume();
