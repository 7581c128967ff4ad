/** What stands on a virtual machine's serial line, and who types there. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Characters that are looked at for what is waited for. */
const HEARD_MAX = 200_000;
const OPEN_WITHIN_MS = 30_000;

async function open(path: string): Promise<Socket> {
  for (const untilMs = Date.now() + OPEN_WITHIN_MS; ; await sleep(20)) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (Date.now() > untilMs) throw new Error(`nobody listens at ${path}`, { cause: error });
    }
  }
}

export class SerialLine implements Disposable {
  readonly #socket: Socket;
  #heard = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      this.#heard = (this.#heard + bytes.toString('latin1')).slice(-HEARD_MAX);
    });
  }

  /** Of the machine `name` of vm.ts, whose line goes into a file: from now on it goes here, and into the file. */
  static async of(name: string, dir: string): Promise<SerialLine> {
    const control = await open(join(dir, `${name}.qmp`));
    const path = join(dir, `${name}.serial`);
    const log = { logfile: join(dir, `${name}.console`), logappend: true };
    const data = { ...log, addr: { type: 'unix', data: { path } }, server: true, wait: false };
    const words = { id: 'serial0', backend: { type: 'socket', data } };
    control.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`);
    control.write(`${JSON.stringify({ execute: 'chardev-change', arguments: words })}\n`);
    const socket = await open(path);
    control.destroy();
    return new SerialLine(socket);
  }

  /** Until it has said so, since it was last waited for. Everything up to there. */
  async until(what: RegExp, limitS: number): Promise<string> {
    for (const untilMs = Date.now() + limitS * 1_000; ; await sleep(20)) {
      const found = what.exec(this.#heard);
      if (found) {
        const end = found.index + found[0].length;
        const said = this.#heard.slice(0, end);
        this.#heard = this.#heard.slice(end);
        return said;
      }
      if (Date.now() > untilMs) throw new Error(`${what}: not within ${limitS} s: ${this.#heard.slice(-2_000)}`);
    }
  }

  type(text: string): void {
    this.#socket.write(text);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
