import type { Server } from 'node:http';
import { join } from 'node:path';
import { createServer, type Plugin } from 'vite';
import { handleMock, serveLive } from './handle.ts';
import { setMode } from './mode.ts';

/** Puts the made-up box behind Vite's development server. */
const mockBox = (): Plugin => ({
  name: 'mock-box',
  apply: 'serve',
  configureServer(server) {
    if (server.httpServer) serveLive(server.httpServer as Server);
    server.middlewares.use((request, response, next) => {
      const url = new URL(request.url ?? '/', 'http://mock');
      const isCentral = url.pathname === '/central.html';
      if (url.pathname === '/' || isCentral) setMode(url.searchParams, isCentral);
      handleMock(request, response).then((handled) => handled || next(), next);
    });
  },
});

const dev = await createServer({
  root: join(import.meta.dirname, '..'),
  configFile: join(import.meta.dirname, '../vite.config.ts'),
  plugins: [mockBox()],
  server: { host: '127.0.0.1', port: Number(process.env.PORT ?? 5173) },
});
await dev.listen();
dev.printUrls();
