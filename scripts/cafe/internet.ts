/**
 * Runs inside the internet's namespace: an HTTP server with one random file, a TCP echo and a UDP echo, all on one address
 * (argv: address, HTTP port, echo port, bytes, seed). Says `ready` when all three listen.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { argv } from 'node:process';
import { SeededBytes } from './payload.ts';

const [, , address = '', httpPort = '', echoPort = '', bytes = '', seed = ''] = argv;
const file = new SeededBytes(seed).take(Number(bytes));

const http = createHttp((request, response) => {
  if (request.url !== '/random.bin') return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.length });
  return response.end(file);
});
const echo = createTcp({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
const datagrams = createSocket('udp4', (message, from) => datagrams.send(message, from.port, from.address));

http.listen(Number(httpPort), address);
echo.listen(Number(echoPort), address);
datagrams.bind(Number(echoPort), address);
await Promise.all([once(http, 'listening'), once(echo, 'listening'), once(datagrams, 'listening')]);
console.log('ready');
