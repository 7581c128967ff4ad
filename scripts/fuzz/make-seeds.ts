import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from '#wire/bencode.ts';
import { encodeExtendedHandshake, encodeMetadata } from '#wire/extended.ts';
import { hashOfByte } from '#wire/fixtures.ts';
import { encodeMessage, type Message } from '#wire/frames.ts';
import { encodeHandshake } from '#wire/handshake.ts';
import { encodeLsd } from '#wire/lsd.ts';
import { madeTorrent } from '#wire/made-torrent.ts';
import { encodePex } from '#wire/pex.ts';
import { encodeQvodHandshake } from '#wire/qvod/handshake.ts';
import { encodeMetafile, encodeMetafileRequest, encodeUnhave } from '#wire/qvod/messages.ts';
import { announceUrl } from '#wire/tracker-http.ts';
import { encodeAnnounce, encodeConnect } from '#wire/tracker-udp.ts';
import {
  conversation,
  enhancedPacket,
  HANDSHAKE,
  interfaceOf,
  LINKS,
  packet,
  pcap,
  section,
} from '../captures/fixtures.ts';
import { SEEDS } from './target.ts';

/** Writes the seeds: small well-formed inputs, made by our own encoders. `node scripts/fuzz/make-seeds.ts` */

const infoHash = hashOfByte(0xaa);
const peerId = Buffer.from('-SB0100-abcdefghijkl');
const id = Buffer.alloc(20, 'n');
const text = (s: string): Buffer => Buffer.from(s, 'latin1');
const messages = (...list: Message[]): Buffer => Buffer.concat(list.map(encodeMessage));
const file = (name: string, bytes: number) => ({ path: ['folder', name], bytes: Buffer.alloc(bytes, name) });
const torrent = (version: 'v1' | 'hybrid' | 'v2'): Buffer =>
  madeTorrent(version, [file('a', 40_000), file('b', 100), file('c', 16_384)]).torrentFile;

const qvodSeed = text(
  `d8:encoding3:GBK4:infod6:lengthi20000e4:name4:\xc4\xe3\xba\xc312:piece lengthi16384e6:pieces40:${'h'.repeat(40)}e8:announce26:http://track.qvod.com:8080e`,
);
const announce = { infoHash, peerId, port: 51_413, uploaded: 0, downloaded: 0, left: 1000, event: 'started' as const };
const get = (tracker: string): Buffer =>
  text(`GET ${announceUrl(tracker, announce).slice('http://t'.length)} HTTP/1.1\r\nHost: t\r\nUser-Agent: x\r\n\r\n`);
const body = encode({
  interval: 1800,
  complete: 1,
  incomplete: 2,
  peers: Buffer.alloc(18, 9),
  peers6: Buffer.alloc(18, 5),
});
const listed = encode({ interval: 1800, peers: [{ ip: '10.0.0.7', 'peer id': id, port: 6881 }] });
const answer = (head: string, content: Uint8Array): Buffer =>
  Buffer.concat([text(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`), content]);
const connected = Buffer.concat([Buffer.alloc(8), Buffer.alloc(8, 'c')]);
const announced = Buffer.concat([Buffer.from('000000010000000700000708000000010000000a', 'hex'), Buffer.alloc(12, 9)]);
const syn = Buffer.from('4100123400000001000000000010000000010000', 'hex');
const state = Buffer.from('2100123400000002000000010010000000090001', 'hex');
const speech = messages(
  { kind: 'bitfield', bits: Buffer.of(0xff, 0xf0) },
  { kind: 'extended', id: 0, payload: encodeExtendedHandshake({ utMetadataId: 2, metadataSize: 20_000, client: 'x' }) },
  { kind: 'unchoke' },
  { kind: 'have', piece: 3 },
  { kind: 'request', piece: 0, begin: 0, length: 16_384 },
  { kind: 'piece', piece: 0, begin: 0, data: Buffer.alloc(100, 1) },
  { kind: 'keep-alive' },
);
const fast = messages(
  { kind: 'have-all' },
  { kind: 'allowed-fast', piece: 1 },
  { kind: 'suggest', piece: 1 },
  { kind: 'reject', piece: 0, begin: 0, length: 16_384 },
  { kind: 'port', port: 6881 },
  { kind: 'choke' },
);
const ethernet = LINKS[0]?.[2] as (ip: Buffer) => Buffer;
const pppoe = LINKS[4]?.[2] as (ip: Buffer) => Buffer;
const hello = encodeQvodHandshake({ infoHash, peerId: text('QVOD0052AAAA5EED0000') });
const plain = encodeHandshake({ infoHash, peerId, extended: true, fast: true, dht: true });

const seeds: Readonly<Record<string, Readonly<Record<string, Buffer>>>> = {
  bencode: { dictionary: encode({ a: 1, b: ['x', -3, {}], c: { d: '' } }), unsorted: text('d1:bi1e1:ali2eee') },
  metainfo: { v1: torrent('v1'), hybrid: torrent('hybrid'), v2: torrent('v2'), qvod: qvodSeed },
  merkle: { three: Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)]) },
  handshake: { plain, qvod: hello },
  recogniser: {
    plain,
    qvod: hello,
    tls: Buffer.from('16030100c8010000c40303', 'hex'),
    delivery: text('\x0eSwarm protocol'),
  },
  classifier: { plain, request: get('http://t/announce'), utp: Buffer.concat([syn, state, state]) },
  'mse-responder': { handshake: plain },
  'mse-initiator': { handshake: plain },
  frames: { speech, fast, qvod: Buffer.concat([encodeMetafileRequest(infoHash), encodeUnhave(3)]) },
  extended: {
    handshake: encodeExtendedHandshake({
      utMetadataId: 2,
      metadataSize: 20_000,
      listenPort: 6881,
      reqq: 250,
      client: 'x',
    }),
    request: encodeMetadata({ kind: 'request', piece: 0 }),
    data: encodeMetadata({ kind: 'data', piece: 0, totalSize: 100, data: Buffer.alloc(100) }),
  },
  pex: {
    both: encodePex({
      added: [
        { endpoint: { ip: '198.51.100.7', port: 6881 }, flags: 0x12 },
        { endpoint: { ip: '2001:db8::7', port: 6882 }, flags: 0 },
      ],
      dropped: [{ ip: '198.51.100.8', port: 1 }],
    }),
  },
  'origin-wire': { speech, fast, handshake: Buffer.concat([plain, speech]) },
  'qvod-speech': {
    seed: Buffer.concat([hello, encodeMetafile(qvodSeed), encodeUnhave(1)]),
    speech: Buffer.concat([hello, speech]),
  },
  'tracker-request': {
    announce: get('http://t/announce'),
    passkey: get('http://t/k/announce.php?p=1'),
    scrape: get('http://t/scrape'),
  },
  'tracker-answer': {
    length: answer(`Content-Length: ${body.length}`, body),
    close: answer('Content-Type: text/plain', listed),
    gzip: answer(`Content-Encoding: gzip\r\nContent-Length: ${gzipSync(body).length}`, gzipSync(body)),
    chunked: answer(
      'Transfer-Encoding: chunked',
      Buffer.concat([text(`${body.length.toString(16)}\r\n`), body, text('\r\n0\r\n\r\n')]),
    ),
  },
  'tracker-udp': {
    connect: encodeConnect(7),
    connected,
    announce: encodeAnnounce({
      ...announce,
      connectionId: id.subarray(0, 8),
      transactionId: 7,
      key: 1,
      urlData: '/announce',
    }),
    announced,
    error: Buffer.concat([Buffer.from('0000000300000007', 'hex'), text('not registered')]),
  },
  lsd: { announce: encodeLsd(4, { infoHashes: [infoHash, hashOfByte(1)], port: 6881, cookie: 'x1' }) },
  krpc: {
    query: encode({ a: { id, info_hash: id, port: 6881, token: 'tok' }, q: 'announce_peer', t: 'aa', y: 'q' }),
    nodes: encode({
      ip: '123456',
      r: { id, nodes: Buffer.alloc(52, 3), nodes6: Buffer.alloc(38, 4) },
      t: 'aa',
      y: 'r',
    }),
    values: encode({ r: { id, token: 'tok', values: [Buffer.alloc(6, 3), Buffer.alloc(18, 4)] }, t: 'aa', y: 'r' }),
    error: encode({ e: [201, 'no'], t: 'aa', y: 'e' }),
  },
  tap: {
    http: Buffer.concat([get('http://t/announce'), answer(`Content-Length: ${body.length}`, body)]),
    udp: Buffer.concat([
      encodeAnnounce({ ...announce, connectionId: id.subarray(0, 8), transactionId: 7, key: 1 }),
      announced,
    ]),
    dht: Buffer.concat([
      encode({ a: { id, info_hash: id }, q: 'get_peers', t: 'aa', y: 'q' }),
      encode({ r: { id, values: [Buffer.from([198, 51, 100, 7, 0x1a, 0xe1])] }, t: 'aa', y: 'r' }),
    ]),
  },
  'hash-trees': { ranges: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex') },
  links: {
    magnet: text(
      `magnet:?xt=urn:btih:${infoHash}&xt=urn:btmh:1220${'ab'.repeat(32)}&dn=a%20b&tr=http%3A%2F%2Ft%2Fannounce`,
    ),
    base32: text(`magnet:?xt=urn:btih:${'ABCDEFGH'.repeat(4)}`),
    qvod: text(`qvod://12345|${infoHash}|%C4%E3%BA%C3|`),
    thunder: text(`thunder://${Buffer.from('AAhttp://a/bZZ').toString('base64')}`),
  },
  dropped: {
    torrent: torrent('hybrid'),
    links: text(
      `# of tomorrow\r\nmagnet:?xt=urn:btih:${infoHash}&tr=udp://t:1\r\nqvod://12345|${infoHash}|\xc4\xe3\xba\xc3|\n`,
    ),
  },
  'ip-packet': {
    tcp: packet({ payload: HANDSHAKE }),
    udp: packet({ proto: 'udp', payload: encodeConnect(7) }),
    six: packet({ version: 6, payload: HANDSHAKE }),
  },
  capture: {
    pcap: pcap(1, conversation(HANDSHAKE, { sizes: [9, 30] }).map(ethernet)),
    pppoe: pcap(1, conversation(HANDSHAKE, { version: 6 }).map(pppoe), { little: false, nano: true }),
    pcapng: Buffer.concat([
      section(),
      interfaceOf(1),
      ...conversation(HANDSHAKE).map((ip) => enhancedPacket(ethernet(ip))),
    ]),
  },
};

for (const [target, files] of Object.entries(seeds)) {
  mkdirSync(join(SEEDS, target), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(SEEDS, target, name), bytes);
}
