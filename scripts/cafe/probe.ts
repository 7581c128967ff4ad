/**
 * Runs inside a machine's namespace and prints one JSON line: what an ordinary program sees through the box.
 *
 *     probe.ts http URL            -> {ok, bytes, sha1, ms}
 *     probe.ts tcp-echo IP PORT    -> {ok, ms}     64 KiB, half-close, everything back
 *     probe.ts udp-echo IP PORT    -> {ok, ms}
 *     probe.ts connect IP PORT     -> {ok, ms, why}
 */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { argv } from 'node:process';

const LIMIT_MS = 60_000;
const ECHO_BYTES = 65_536;

type Seen = { ok: boolean; [key: string]: string | number | boolean };

async function http(url: string): Promise<Seen> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  const body = Buffer.from(await answer.arrayBuffer());
  return { ok: answer.ok, bytes: body.length, sha1: createHash('sha1').update(body).digest('hex') };
}

async function tcpEcho(host: string, port: number): Promise<Seen> {
  const sent = randomBytes(ECHO_BYTES);
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('nothing came back')));
  socket.end(sent);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return { ok: Buffer.concat(parts).equals(sent) };
}

/** Datagrams may be lost on a full line: one of five has to come back. */
async function udpEcho(host: string, port: number): Promise<Seen> {
  const socket = createSocket('udp4');
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      const sent = randomBytes(600);
      socket.send(sent, port, host);
      const back = await once(socket, 'message', { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      if (back && (back[0] as Buffer).equals(sent)) return { ok: true };
    }
    return { ok: false, why: 'no datagram came back' };
  } finally {
    socket.close();
  }
}

async function dial(host: string, port: number): Promise<Seen> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(10_000) });
    return { ok: true };
  } finally {
    socket.destroy();
  }
}

const [, , what = '', first = '', second = ''] = argv;
const probes: Record<string, () => Promise<Seen>> = {
  http: () => http(first),
  'tcp-echo': () => tcpEcho(first, Number(second)),
  'udp-echo': () => udpEcho(first, Number(second)),
  connect: () => dial(first, Number(second)),
};
const begin = performance.now();
const seen = await (probes[what]?.() ?? Promise.reject(new Error(`no probe '${what}'`))).catch(
  (error: Error): Seen => ({ ok: false, why: error.cause instanceof Error ? error.cause.message : error.message }),
);
console.log(JSON.stringify({ ...seen, ms: Math.round(performance.now() - begin) }));
