import { AF_UNIX, closeFd, connectSocket, openSocket, SOCK_DGRAM, sendBytes } from './libc.ts';
import { unixAddress } from './socket-address.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Who started this process, when it is a service manager that listens (sd_notify(3)): it is told when the daemon is ready, that it stops, and, where it asked for that, again and again that it
 * lives. Elsewhere nothing happens.
 */
export class ServiceManager implements Disposable {
  readonly #path: string | undefined;
  readonly #watchdogUs: number;
  #pulse: NodeJS.Timeout | undefined;

  constructor(env: Env = process.env, pid: number = process.pid) {
    this.#path = env.NOTIFY_SOCKET || undefined;
    const isMeant = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(pid);
    const us = Number(env.WATCHDOG_USEC);
    this.#watchdogUs = isMeant && Number.isSafeInteger(us) && us > 0 ? us : 0;
  }

  /** It serves. From now on a loop of events that does not turn for as long as was said ends it. */
  ready(): void {
    this.#say('READY=1');
    if (this.#watchdogUs === 0 || this.#path === undefined || this.#pulse) return;
    this.#pulse = setInterval(() => this.#say('WATCHDOG=1'), this.#watchdogUs / 1_000 / 3);
    this.#pulse.unref();
  }

  stopping(): void {
    this.#say('STOPPING=1');
  }

  [Symbol.dispose](): void {
    clearInterval(this.#pulse);
  }

  /** A manager that does not listen any more is none of the daemon's trouble. */
  #say(word: string): void {
    if (this.#path === undefined) return;
    let fd: number | undefined;
    try {
      fd = openSocket(AF_UNIX, SOCK_DGRAM, 0);
      connectSocket(fd, unixAddress(this.#path), 'service manager');
      sendBytes(fd, Buffer.from(word));
    } catch {
      // Said in vain.
    } finally {
      if (fd !== undefined) closeFd(fd);
    }
  }
}
