import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RouteName } from '#admin/contract-api.ts';
import { fits } from '../src/frame/route.ts';
import { accessAnswers, rightNow } from './access-answers.ts';
import { type Answers, MockRefusal } from './answers.ts';
import { figureAnswers } from './figure-answers.ts';
import { fleetAnswers, fleetNow } from './fleet-answers.ts';
import { liveAnswers, snapshotNow } from './live-answers.ts';
import { machineAnswers } from './machine-answers.ts';
import { mode } from './mode.ts';
import { settingsAnswers } from './settings-answers.ts';
import { taskAnswers } from './task-answers.ts';

/** All of the API: a route without an answer fails the type check. */
export const answers: Answers<RouteName> = {
  ...liveAnswers,
  ...figureAnswers,
  ...taskAnswers,
  ...accessAnswers,
  ...settingsAnswers,
  ...machineAnswers,
  ...fleetAnswers,
};
type AnyAnswer = (ask: { params: Record<string, string>; query: object; body: unknown }) => unknown;
const routes = Object.entries(answers).map(([name, answer]) => {
  const [method = '', pattern = ''] = name.split(' ');
  return { name, method, pattern, answer: answer as unknown as AnyAnswer };
});
/** What who is not signed in may ask. */
const OPEN = ['/api/session', '/api/set-up', '/api/health'];

const LARGEST_BODY_BYTES = 64e6;

/** Answers a request to the API; false: it is none. */
export async function handleMock(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (!url.pathname.startsWith('/api/') && url.pathname !== '/metrics') return false;
  const text = await bodyOf(request);
  if (mode.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, mode.delayMs));
  try {
    const value = answerTo(request, url, text);
    send(
      response,
      200,
      typeof value === 'string' ? 'text/plain' : 'application/json',
      typeof value === 'string' ? value : JSON.stringify(value),
    );
  } catch (error) {
    if (!(error instanceof MockRefusal)) throw error;
    send(response, error.status, 'application/json', JSON.stringify(error.problem));
  }
  return true;
}

function answerTo(request: IncomingMessage, url: URL, text: string): unknown {
  const { method = 'GET' } = request;
  for (const route of routes) {
    const params = route.method === method ? fits(route.pattern, url.pathname) : undefined;
    if (!params) continue;
    if (mode.fail.some((part) => route.name.includes(part)))
      throw new MockRefusal(500, { why: 'failed', text: 'told to fail' });
    if (rightNow() === undefined && !OPEN.includes(url.pathname))
      throw new MockRefusal(401, { why: 'not-signed-in', text: 'sign in first' });
    if (method !== 'GET' && !OPEN.includes(url.pathname) && request.headers['x-csrf-token'] !== 'mock-token')
      throw new MockRefusal(403, { why: 'other-site', text: 'the token is missing' });
    if (method !== 'GET' && rightNow() === 'look')
      throw new MockRefusal(403, { why: 'not-allowed', text: 'only looking' });
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
    return route.answer({ params, query: queryOf(url), body: isJson ? JSON.parse(text) : undefined });
  }
  throw new MockRefusal(404, { why: 'not-found', text: `no ${method} ${url.pathname}` });
}

const NUMBERS = new Set(['offset', 'limit', 'before', 'from', 'to', 'since']);
const queryOf = (url: URL): object =>
  Object.fromEntries([...url.searchParams].map(([key, value]) => [key, NUMBERS.has(key) ? Number(value) : value]));

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) if (text.length < LARGEST_BODY_BYTES) text += chunk;
  return text;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

/** Serves `/api/live` on a server's sockets. Ends with the server. */
export function serveLive(server: Server): void {
  const feed = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url !== '/api/live') return;
    if (rightNow() === undefined) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
      return;
    }
    feed.handleUpgrade(request, socket, head, (client) => {
      const speak = () => {
        if (!mode.isSilent) client.send(JSON.stringify(mode.isCentral ? fleetNow() : snapshotNow()));
      };
      speak();
      const timer = setInterval(speak, 1000);
      client.on('close', () => clearInterval(timer));
      client.on('error', () => client.terminate());
    });
  });
  server.on('close', () => {
    for (const client of feed.clients) client.terminate();
  });
}
