/** `node mdns.ts NAME.local`, in a PC: asks the link who has the name (RFC 6762, a one-shot query) and prints the IPv4 address. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { argv } from 'node:process';

const LIMIT_MS = 60_000;
const name = argv[2] ?? '';
const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
/** One question: A, IN. */
const query = Buffer.concat([
  Buffer.from('000100000001000000000000', 'hex'),
  ...labels,
  Buffer.from('0000010001', 'hex'),
]);

const socket = createSocket('udp4');
const ask = (): void => socket.send(query, 5353, '224.0.0.251');
const timer = setInterval(ask, 1_000);
ask();
const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Buffer];
clearInterval(timer);
socket.close();
// The address is the last thing of the first answer, and there are no others.
console.log(
  [...answer.subarray(answer.indexOf(Buffer.from('00010001', 'hex'), query.length) + 10).subarray(0, 4)].join('.'),
);
