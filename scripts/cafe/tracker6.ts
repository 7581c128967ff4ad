/**
 * Runs inside the internet's namespace: an open tracker over IPv6, HTTP (BEP 3, 7) and UDP (BEP 15), because Debian's
 * opentracker is built for IPv4 alone (argv: address, port). Names each peer by the address that its announce came from.
 * Says `ready` when both listen.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { argv } from 'node:process';
import { compactEndpoint } from './compact-endpoint.ts';

type Peer = { readonly at: Buffer; readonly complete: boolean };
type Announce = { hash: string; ip: string; port: number; left: number; stopped: boolean };

const INTERVAL_S = 1_800;
const MAX_NAMED = 100;
const CONNECTION_ID = Buffer.from('cafe6cafe6cafe60', 'hex');
const MAGIC = '0000041727101980';

const [, , address = '', port = ''] = argv;
const swarms = new Map<string, Map<string, Peer>>();

const count = (hash: string): { complete: number; incomplete: number } => {
  const peers = [...(swarms.get(hash)?.values() ?? [])];
  const complete = peers.filter((p) => p.complete).length;
  return { complete, incomplete: peers.length - complete };
};

/** Takes an announce in; gives the other peers, one after the other. */
function announced(a: Announce): Buffer {
  const swarm = swarms.get(a.hash) ?? new Map<string, Peer>();
  swarms.set(a.hash, swarm);
  const at = compactEndpoint(a.ip, a.port);
  const key = at.toString('hex');
  if (a.stopped) swarm.delete(key);
  else swarm.set(key, { at, complete: a.left === 0 });
  // Complete ones too, whoever asks: aria2 says that nothing is left while it has only a magnet link.
  const others = [...swarm].filter(([k]) => k !== key);
  return Buffer.concat(others.slice(0, MAX_NAMED).map(([, p]) => p.at));
}

const bytes = (value: Buffer): Buffer => Buffer.concat([Buffer.from(`${value.length}:`), value]);

/** The value of a query's key as bytes: percent-encoding of any byte, which URLSearchParams would read as UTF-8. */
function raw(query: string, key: string): Buffer | undefined {
  const text = query
    .split('&')
    .find((part) => part.startsWith(`${key}=`))
    ?.slice(key.length + 1);
  if (text === undefined) return undefined;
  return Buffer.from(
    text.replace(/%([0-9a-f]{2})/gi, (_, h) => String.fromCharCode(Number.parseInt(h, 16))),
    'latin1',
  );
}

const web = createServer((request, response) => {
  const [path, query = ''] = (request.url ?? '').split('?');
  const hash = raw(query, 'info_hash')?.toString('hex') ?? '';
  if (hash.length !== 40 || !(path === '/announce' || path === '/scrape')) return response.writeHead(404).end();
  if (path === '/scrape') {
    const { complete, incomplete } = count(hash);
    const counts = Buffer.from(`d8:completei${complete}e10:incompletei${incomplete}ee`);
    return response.end(
      Buffer.concat([Buffer.from('d5:filesd'), bytes(Buffer.from(hash, 'hex')), counts, Buffer.from('ee')]),
    );
  }
  const ip = request.socket.remoteAddress ?? '::';
  const q = new URLSearchParams(query);
  const left = Number(q.get('left') ?? 1);
  const peers = announced({
    hash,
    ip,
    port: Number(q.get('port')) & 0xffff,
    left,
    stopped: q.get('event') === 'stopped',
  });
  const { complete, incomplete } = count(hash);
  const head = `d8:completei${complete}e10:incompletei${incomplete}e8:intervali${INTERVAL_S}e5:peers0:6:peers6`;
  return response.end(Buffer.concat([Buffer.from(head), bytes(peers), Buffer.from('e')]));
});

const datagrams = createSocket({ type: 'udp6', ipv6Only: true }, (message, from) => {
  const reply = udpReply(message, from.address);
  if (reply) datagrams.send(reply, from.port, from.address);
});

function udpReply(message: Buffer, ip: string): Buffer | undefined {
  if (message.length < 16) return undefined;
  const transaction = message.subarray(12, 16);
  const action = message.readUInt32BE(8);
  if (action === 0 && message.toString('hex', 0, 8) === MAGIC)
    return Buffer.concat([Buffer.alloc(4), transaction, CONNECTION_ID]);
  if (action !== 1 || message.length < 98 || !message.subarray(0, 8).equals(CONNECTION_ID)) return undefined;
  const hash = message.toString('hex', 16, 36);
  const left = Number(message.readBigUInt64BE(64));
  const peers = announced({ hash, ip, port: message.readUInt16BE(96), left, stopped: message.readUInt32BE(80) === 3 });
  const { complete, incomplete } = count(hash);
  const head = Buffer.alloc(20);
  head.writeUInt32BE(1, 0);
  transaction.copy(head, 4);
  head.writeUInt32BE(INTERVAL_S, 8);
  head.writeUInt32BE(incomplete, 12);
  head.writeUInt32BE(complete, 16);
  return Buffer.concat([head, peers]);
}

web.listen(Number(port), address);
datagrams.bind(Number(port), address);
await Promise.all([once(web, 'listening'), once(datagrams, 'listening')]);
console.log('ready');
