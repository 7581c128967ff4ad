/**
 * Sends frames into the bridge, evenly, as its clients and the internet would (argv: kind, packets a second, milliseconds).
 * Says `{"sent":n}`. Kinds: `chatter` DHT queries that look for nodes; `asks` that look for peers; `answers` both those and
 * the nodes' answers, which name fifty known peers; `new-peers` the same with half of the peers new; `gets` ordinary HTTP requests.
 */
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PacketSender } from '#kernel/packet-socket.ts';
import { encode } from '#wire/bencode.ts';
import { ipv4Packet } from './frames.ts';

const [, , kind = '', perS = '', ms = ''] = argv;
/** Enough that none is taken for a crawler. */
const CLIENTS = 200;
const NODES = 100;
const TICK_MS = 4;
const id = Buffer.alloc(20, 1);
const hash = Buffer.alloc(20, 7);
/** Fifty peers, a full answer: the same ones, or half of them never named before. */
const values = (n: number, isNew: boolean): Buffer[] =>
  Array.from({ length: 50 }, (_, i) => {
    const of = isNew && i < 25 ? n : -1;
    return Buffer.from([203, (of >> 8) & 255, of & 255, i, 0x1a, 0xe1]);
  });

const client = (n: number): string => `192.168.${77 + (n % 2)}.${1 + (n % CLIENTS)}`;
const node = (n: number): string => `198.51.100.${1 + (n % NODES)}`;
const t = (n: number): Buffer => Buffer.from([n & 255, (n >> 8) & 255]);
const toNode = (n: number, payload: Buffer): Buffer =>
  ipv4Packet({ proto: 'udp', from: [client(n), 6881], to: [node(n), 6881], payload });
const query = (n: number, q: string, a: object): Buffer => toNode(n, encode({ a: { id, ...a }, q, t: t(n), y: 'q' }));
const answer = (n: number, isNew: boolean): Buffer => {
  const payload = encode({
    r: { id, nodes: Buffer.alloc(8 * 26, 5), token: 'abcd', values: values(n, isNew) },
    t: t(n),
    y: 'r',
  });
  return ipv4Packet({ proto: 'udp', from: [node(n), 6881], to: [client(n), 6881], payload });
};
const request = Buffer.from(
  `GET /path/to/some/file.bin HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\n${'a: b\r\n'.repeat(50)}\r\n`,
);

const exchange = (n: number, isNew: boolean): void => {
  lan.send(query(n, 'get_peers', { info_hash: hash }));
  wan.send(answer(n, isNew));
};

const lan = new PacketSender('lan1');
const wan = new PacketSender('wan1');
const send: Record<string, (n: number) => void> = {
  chatter: (n) => lan.send(query(n, 'find_node', { target: hash })),
  asks: (n) => lan.send(query(n, 'get_peers', { info_hash: hash })),
  answers: (n) => exchange(n, false),
  'new-peers': (n) => exchange(n, true),
  gets: (n) => lan.send(ipv4Packet({ proto: 'tcp', from: [client(n), 40_000], to: [node(n), 80], payload: request })),
};
const one = send[kind];
if (!one) throw new Error(`there is no kind "${kind}"`);
let sent = 0;
const begin = performance.now();
for (let now = begin; now < begin + Number(ms); now = performance.now()) {
  for (const due = ((now - begin) / 1000) * Number(perS); sent < due; sent++) one(sent);
  await sleep(TICK_MS);
}
console.log(JSON.stringify({ sent }));
