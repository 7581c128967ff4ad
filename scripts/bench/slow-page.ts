/**
 * A Chromium with a slow processor, driven over its debugging socket with nothing but what a measure needs. Test tools for browsers listen to far more
 * (each script, each request, a world of their own in each page), which on a processor made four times slower costs the page a third of a second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
  '--remote-debugging-port=0',
];

type Answer = { id?: number; result?: Record<string, unknown>; error?: { message: string } };

export class SlowPage implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #socket: WebSocket;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;

  private constructor(child: ChildProcess, socket: WebSocket, profile: string) {
    this.#child = child;
    this.#socket = socket;
    this.#profile = profile;
    socket.on('message', (data) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async start(language: string, executable = '/usr/bin/chromium'): Promise<SlowPage> {
    const profile = await mkdtemp(join(tmpdir(), 'slow-page-'));
    const args = [...ARGS, `--user-data-dir=${profile}`, `--lang=${language}`, `--accept-lang=${language}`];
    const child = spawn(executable, [...args, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const address = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error('Chromium ended before it listened')));
      createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        const found = /listening on (ws:\S+)/.exec(line)?.[1];
        if (found) resolve(found);
      });
    });
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new SlowPage(child, socket, profile);
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await answered;
    this.#waiting.delete(id);
    if (error || !result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  /** Opens `url` in a tab, `slower` times slower; `script` runs before the page's own. Ends when `isDone`, an expression, holds, with what `told` says. */
  async visit(url: string, of: { slower: number; script: string; isDone: string; told: string; context?: unknown }) {
    const { targetId } = await this.send('Target.createTarget', {
      url: 'about:blank',
      newWindow: true,
      width: 1366,
      height: 768,
      browserContextId: of.context,
    });
    const { sessionId } = (await this.send('Target.attachToTarget', { targetId, flatten: true })) as {
      sessionId: string;
    };
    const ask = (method: string, params: object = {}) => this.send(method, params, sessionId);
    const evaluate = async (expression: string) => {
      const { result } = await ask('Runtime.evaluate', { expression, returnByValue: true });
      return (result as { value: unknown }).value;
    };
    await ask('Page.enable');
    await ask('Page.addScriptToEvaluateOnNewDocument', { source: of.script });
    await ask('Emulation.setCPUThrottlingRate', { rate: of.slower });
    await ask('Page.navigate', { url });
    // Asking is work for the page too: seldom.
    const untilMs = Date.now() + 60_000;
    do {
      if (Date.now() > untilMs) throw new Error(`${url}: not there after a minute`);
      await new Promise((resolve) => setTimeout(resolve, 2500));
    } while (!(await evaluate(of.isDone)));
    const told = await evaluate(of.told);
    await this.send('Target.closeTarget', { targetId });
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.send('Browser.close').catch(() => this.#child.kill());
    this.#socket.close();
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
