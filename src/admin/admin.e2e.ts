import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { build } from 'vite';
import { busyBox, EVIL_NAME, emptyBox, startAdmin } from './fixtures.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'swarmbox-page-'));
  await build({
    root: join(import.meta.dirname, '../../web'),
    logLevel: 'error',
    build: { outDir: join(dir, 'web'), emptyOutDir: true },
  });
});
after(() => rm(dir, { recursive: true, force: true }));

/** The box as the test sets it. */
const world = { box: busyBox(), snapshot: () => ({ ...world.box, nowMs: Date.now() }) };
const startServer = (port = 0) => startAdmin({ listen: { host: '127.0.0.1', port }, webRoot: join(dir, 'web'), world });

type Visit = { page: Page; context: BrowserContext; admin: Awaited<ReturnType<typeof startAdmin>>; troubles: string[] };

/** A fresh browser on the page; whatever it complains about is a failure. */
async function visit(o: { locale: string; width: number; height: number }, look: (v: Visit) => Promise<void>) {
  const admin = await startServer();
  const profile = await mkdtemp(join(dir, 'profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ARGS,
    locale: o.locale,
    viewport: { width: o.width, height: o.height },
  });
  const troubles: string[] = [];
  const visited: Visit = { page: context.pages()[0] ?? (await context.newPage()), context, admin, troubles };
  const { page } = visited;
  page.on('console', (m) => m.type() !== 'log' && troubles.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => troubles.push(`error: ${e.message}`));
  page.on('request', (r) => new URL(r.url()).hostname !== '127.0.0.1' && troubles.push(`left the box: ${r.url()}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) =>
      console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`),
    );
  });
  try {
    await page.goto(`http://127.0.0.1:${admin.port}/`);
    await page.locator('[data-figure=saved]').waitFor();
    await look(visited);
    assert.deepEqual(troubles, []);
  } finally {
    await context.close();
    await visited.admin.close();
  }
  await nothingLives(profile);
}

/** No process holds the browser's profile, and this process holds no socket. */
async function nothingLives(profile: string) {
  let alive: string[] = [];
  for (let i = 0; i < 50; i++) {
    alive = [];
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes(profile)) alive.push(`${pid} ${command.slice(0, 80)}`);
    }
    alive.push(...process.getActiveResourcesInfo().filter((r) => /^(TCP\w+Wrap|ProcessWrap)$/.test(r)));
    if (alive.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.deepEqual(alive, []);
}

const textOf = async (where: Locator) => ((await where.textContent()) ?? '').replaceAll('\u00A0', ' ');
const figure = (page: Page, name: string) => textOf(page.locator(`[data-figure=${name}]`));
const sidewaysScroll = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

test('in English on a PC: figures arrive live, a stranger’s name stays text, details open by keyboard', async () => {
  world.box = busyBox();
  await visit({ locale: 'en-US', width: 1366, height: 768 }, async ({ page }) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await figure(page, 'saved'), '1.69 TB');
    assert.equal(await figure(page, 'wan'), '1.21 MB/s');
    assert.equal(await figure(page, 'hit-share'), '85 %');

    world.box = busyBox({ wan: { rxBytesPerS: 640_000, txBytesPerS: 0 } });
    await page.locator('[data-figure=wan]', { hasText: '640' }).waitFor({ timeout: 5000 });
    await page.waitForFunction(() => /L/.test(document.querySelector('path.lan.line')?.getAttribute('d') ?? ''));

    const names = await page.locator('.task .name').allTextContents();
    assert.ok(EVIL_NAME.includes('<script>'));
    assert.ok(
      names.some((n) => n.includes('<script>document.title="pwned"</script>')),
      names.join('\n'),
    );
    assert.ok(!names.some((n) => /[\p{Cc}\u202e]/u.test(n)), 'no control character is shown raw');
    assert.equal(await page.locator('.task img, .task script, .people b').count(), 0);
    assert.equal(await page.title(), 'Swarmbox');

    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    const client = page.locator('.people td', { hasText: 'fd00::31' });
    assert.match(await textOf(client), /<b>qBittorrent<\/b>/);
    assert.ok((await sidewaysScroll(page)) <= 0);
  });
});

test('in Chinese on a phone: nothing sticks out, the language is switched and remembered', async () => {
  world.box = busyBox({
    warnings: [{ code: 'disk-low', severity: 'warn', detail: { path: '/data', freeBytes: 41e9 } }],
  });
  await visit({ locale: 'zh-CN', width: 360, height: 740 }, async ({ page }) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    assert.match(await textOf(page.locator('.warnings li')), /41\.0\s*GB.*磁盘/s);
    assert.match(await textOf(page.locator('.task.complete .why')), /已完整.*不再占用外网/s);
    for (const summary of await page.locator('summary').all()) await summary.click();
    assert.ok((await sidewaysScroll(page)) <= 0, 'the page does not scroll sideways');
    const small = await page.evaluate(
      () =>
        [...document.querySelectorAll('button, summary')].filter((e) => e.getBoundingClientRect().height < 36).length,
    );
    assert.equal(small, 0, 'every control is large enough for a thumb');

    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Torrents' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Torrents' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  });
});

test('an empty box says what to expect; a box that goes away is told, and found again when it is back', async () => {
  world.box = emptyBox();
  await visit({ locale: 'en-GB', width: 1024, height: 768 }, async (v) => {
    const { page } = v;
    await page.getByText('No torrent seen yet').waitFor();
    await page.getByText('Nothing decided yet').waitFor();
    assert.equal(await figure(page, 'saved'), '0 B');
    assert.deepEqual(v.troubles, []);

    const port = v.admin.port ?? assert.fail('no port');
    await v.admin.close();
    await page.getByText('No connection to the box.').waitFor({ timeout: 5000 });
    assert.match((await page.locator('main').getAttribute('class')) ?? '', /stale/);
    assert.equal(
      await page.getByText('Working', { exact: true }).count(),
      0,
      'the page does not claim that the box works',
    );

    world.box = busyBox();
    v.admin = await startServer(port);
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.locator('[data-figure=saved]', { hasText: '1.69' }).waitFor({ timeout: 5000 });
    assert.equal(await page.getByText('No connection to the box.').count(), 0);
    // Chromium itself complains about a refused connection; nothing else may.
    v.troubles.splice(0, v.troubles.length, ...v.troubles.filter((t) => !/WebSocket connection .* failed/.test(t)));
  });
});
