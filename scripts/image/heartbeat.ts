/**
 * `node heartbeat.ts ADDRESS PORT FLOWS`, in a PC behind the box: one UDP flow and FLOWS TCP connections to an echo server, a beat on each every 20 ms. A line on standard input asks what came back
 * since the line before, and is answered with one of JSON (`Beats`).
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';

export type Beats = {
  readonly udpSent: number;
  readonly udpLost: number;
  /** The longest time in which no beat of UDP came back. */
  readonly gapMs: number;
  readonly flows: number;
  /** TCP connections that were open and are not any more. */
  readonly flowsLost: number;
};

const BEAT_MS = 20;
/** What is not back by then is lost. */
const LATE_BEATS = 3_000 / BEAT_MS;
const [, , address = '', port = '', flows = ''] = argv;

const [sent, back] = [new Set<number>(), new Set<number>()];
let beat = 0;
let lastMs = performance.now();
let gapMs = 0;
const datagrams = createSocket('udp4', (message) => {
  const nowMs = performance.now();
  gapMs = Math.max(gapMs, nowMs - lastMs);
  lastMs = nowMs;
  back.add(message.readUInt32BE(0));
});
let lost = 0;
const connections = Array.from({ length: Number(flows) }, () => {
  const socket = connect(Number(port), address);
  socket.on('error', () => {});
  socket.on('close', () => {
    lost += 1;
  });
  socket.resume();
  return socket;
});
const timer = setInterval(() => {
  const bytes = Buffer.alloc(100);
  bytes.writeUInt32BE(++beat);
  sent.add(beat);
  datagrams.send(bytes, Number(port), address, () => {});
  for (const socket of connections) if (socket.writable) socket.write(bytes);
}, BEAT_MS);

for await (const _ of createInterface({ input: process.stdin })) {
  gapMs = Math.max(gapMs, performance.now() - lastMs);
  const due = [...sent].filter((number) => number <= beat - LATE_BEATS);
  const udpLost = due.filter((number) => !back.has(number)).length;
  const said: Beats = {
    udpSent: due.length,
    udpLost,
    gapMs: Math.round(gapMs),
    flows: connections.length,
    flowsLost: lost,
  };
  console.log(JSON.stringify(said));
  for (const number of due) {
    sent.delete(number);
    back.delete(number);
  }
  gapMs = 0;
}
clearInterval(timer);
datagrams.close();
for (const socket of connections) socket.destroy();
