/** For tests of the operator's page: the page as it is shipped, in a real browser that tells of whatever it dislikes. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { build } from 'vite';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The built page, and a place for profiles; gone when disposed of. */
export class BuiltPage implements AsyncDisposable {
  readonly dir: string;
  readonly webRoot: string;

  private constructor(dir: string, webRoot: string) {
    this.dir = dir;
    this.webRoot = webRoot;
  }

  /** `asShipped`: where the daemon looks for it, as `make web` builds it. `mode`: see vite.config.ts. */
  static async make({ asShipped = false, mode = 'production' } = {}): Promise<BuiltPage> {
    const dir = await mkdtemp(join(tmpdir(), 'swarmbox-page-'));
    const built = new BuiltPage(dir, asShipped ? join(import.meta.dirname, '../web/dist') : join(dir, 'web'));
    await build({
      root: join(import.meta.dirname, '../web'),
      logLevel: 'error',
      mode,
      build: { outDir: built.webRoot, emptyOutDir: !asShipped || mode !== 'central' },
    });
    return built;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }
}

export type Look = {
  locale: 'en-US' | 'en-GB' | 'zh-CN';
  width: number;
  height: number;
  colors?: 'light' | 'dark';
};
export const PHONE = { width: 360, height: 740 } as const;
export const DESKTOP = { width: 1280, height: 800 } as const;

/** A browser of its own, with one page; whatever it complains about stands in `troubles`. */
export class Browser implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly troubles: string[] = [];
  readonly #profile: string;
  #asked = 0;
  #askedAtMs = 0;

  private constructor(context: BrowserContext, page: Page, profile: string) {
    this.context = context;
    this.page = page;
    this.#profile = profile;
  }

  /** `dir`: where its profile goes. `flags`: of Chromium, beside the usual. */
  static async start(dir: string, look: Look, flags: readonly string[] = []): Promise<Browser> {
    const profile = await mkdtemp(join(dir, 'profile-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      headless: true,
      args: [...ARGS, ...flags],
      locale: look.locale,
      colorScheme: look.colors ?? 'light',
      viewport: { width: look.width, height: look.height },
      acceptDownloads: true,
    });
    const browser = new Browser(context, context.pages()[0] ?? (await context.newPage()), profile);
    await browser.#listen();
    return browser;
  }

  async #listen(): Promise<void> {
    const { page, troubles } = this;
    page.on('console', (m) => {
      // A form without a name in it, such as one for a passphrase, is advised against and meant.
      if (m.type() === 'log' || m.text().startsWith('[DOM] Password forms')) return;
      troubles.push(`console: ${m.text()} ${m.location().url}`);
    });
    page.on('pageerror', (e) => troubles.push(`error: ${e.message}`));
    page.on('request', (r) => {
      this.#asked++;
      this.#askedAtMs = Date.now();
      if (!/^(127\.0\.0\.1|)$/.test(new URL(r.url()).hostname)) troubles.push(`left the box: ${r.url()}`);
    });
    page.on('requestfinished', () => this.#asked--);
    page.on('requestfailed', () => this.#asked--);
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (e) =>
        console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`),
      );
    });
  }

  /** Waits until the view that the address names is drawn with its answers. */
  async settled(): Promise<void> {
    const { page } = this;
    await page.locator('main[aria-busy=false]:not(:has(> .connecting))').waitFor();
    await page.locator('main h2').first().waitFor({ state: 'attached', timeout: 5000 });
    for (let i = 0; i < 100; i++) {
      if (this.#asked <= 0 && Date.now() - this.#askedAtMs > 250) return;
      await page.waitForTimeout(50);
    }
    throw new Error(`the page goes on asking: ${this.#asked} questions are open`);
  }

  /** Goes to a view and waits until it is drawn. */
  async open(base: string, path: string): Promise<void> {
    this.#asked = 0;
    await this.page.goto(`${base}/#${path}`);
    await this.settled();
  }

  /** Fails with what the browser complained about. */
  expectNoTrouble(): void {
    assert.deepEqual(this.troubles, []);
  }

  /** Takes what matches off the list of troubles: it was brought about on purpose. */
  forgive(pattern: RegExp): void {
    this.troubles.splice(0, this.troubles.length, ...this.troubles.filter((t) => !pattern.test(t)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    await noneHolds(this.#profile);
  }
}

/** No process holds the browser's profile. */
async function noneHolds(profile: string): Promise<void> {
  const alive = async () => {
    const found: string[] = [];
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(profile)) found.push(`${pid} ${command.slice(0, 80)}`);
    }
    return found;
  };
  assert.deepEqual(await untilEmpty(alive), []);
}

/** This process holds no socket and has no child. */
export async function nothingLives(): Promise<void> {
  const alive = async () => process.getActiveResourcesInfo().filter((r) => /^(TCP\w+Wrap|ProcessWrap)$/.test(r));
  assert.deepEqual(await untilEmpty(alive), []);
}

async function untilEmpty(of: () => Promise<string[]>): Promise<string[]> {
  for (let i = 0; i < 50; i++) {
    if ((await of()).length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return of();
}

export const textOf = async (where: Locator): Promise<string> =>
  ((await where.textContent()) ?? '').replaceAll('\u00A0', ' ').trim();
export const figure = (page: Page, name: string): Promise<string> => textOf(page.locator(`[data-figure=${name}]`));
/** How far the page can be scrolled sideways, in pixels. */
export const sidewaysScroll = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
