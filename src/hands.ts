import { lstat, mkdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { exit } from 'node:process';
import { errorText } from '#base/errors.ts';
import { stderrLog } from '#base/log.ts';
import { handsIn } from '#hands/asking.ts';
import { Hands } from '#hands/hands.ts';
import { HANDS_LIMITS } from '#hands/limits.ts';
import { runCommand } from '#kernel/command.ts';

/**
 * Root's hands as a process (docs/decisions/own-user.md). systemd listens for it, starts it when somebody asks, and gives it the socket as descriptor 3 (sd_listen_fds(3)); it ends when nobody has asked for a
 * while. Who may ask is the socket's mode to say: its owner alone. Nobody imports this file.
 */
const SYSTEMD_SOCKET = 3;

async function main(): Promise<void> {
  const log = stderrLog();
  const at = handsIn(process.env);
  if (!at || process.env.LISTEN_FDS !== '1' || process.env.LISTEN_PID !== String(process.pid)) {
    console.error('hands: a service of systemd, which gives it its socket (swarmbox-hands.socket)');
    exit(2);
  }
  const { socketPath, mountsDir } = at;
  await mkdir(mountsDir, { recursive: true, mode: 0o755 });
  const hands = new Hands({
    start: runCommand,
    log,
    mountsDir,
    zoneinfo: '/usr/share/zoneinfo',
    zoneLink: process.env.SWARMBOX_ZONE,
    owner: async () => {
      const { uid, gid } = await lstat(socketPath);
      return { uid, gid };
    },
  });
  const server = createServer();
  server.maxConnections = HANDS_LIMITS.askers;
  let asking = 0;
  const idle = setTimeout(() => {
    if (asking === 0) server.close(() => exit(0));
  }, HANDS_LIMITS.idleMs);
  server.on('connection', async (socket: Socket) => {
    asking++;
    try {
      await hands.serve(socket);
    } catch (error) {
      log.error('trouble', { why: errorText(error) });
      socket.destroy();
    } finally {
      asking--;
      idle.refresh();
    }
  });
  server.listen({ fd: SYSTEMD_SOCKET });
}

await main();
