/** The page as a whole: what it shows is live, safe from strangers, and true when the box is gone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setMode } from '../../web/mock/mode.ts';
import {
  Browser,
  BuiltPage,
  DESKTOP,
  figure,
  type Look,
  nothingLives,
  PHONE,
  sidewaysScroll,
  textOf,
} from '../page-fixtures.ts';
import { busyBox, EVIL_NAME, emptyBox } from './fixtures.ts';
import { startMockBox } from './mock-fixtures.ts';

let built: BuiltPage;
before(async () => {
  built = await BuiltPage.make();
});
after(() => built[Symbol.asyncDispose]());

/** The box as the test sets it. */
const world = { box: busyBox() };
const startServer = (port = 0) =>
  startMockBox({
    webRoot: built.webRoot,
    listen: { host: '127.0.0.1', port },
    snapshot: () => ({ ...world.box, nowMs: Date.now() }),
  });

type Visit = Pick<Browser, 'page' | 'forgive'> & { browser: Browser; admin: Awaited<ReturnType<typeof startServer>> };

/** A fresh browser on the overview; whatever it complains about is a failure, and so is what it leaves behind. */
async function visit(look: Look, body: (v: Visit) => Promise<void>) {
  setMode(new URLSearchParams());
  const admin = await startServer();
  const browser = await Browser.start(built.dir, look);
  const visited: Visit = { browser, page: browser.page, forgive: (p) => browser.forgive(p), admin };
  try {
    await browser.open(admin.url, '/');
    await browser.page.locator('[data-figure=saved]').waitFor();
    await body(visited);
    browser.expectNoTrouble();
  } finally {
    await browser[Symbol.asyncDispose]();
    await visited.admin.close();
  }
  await nothingLives();
}

test('in English on a PC: figures arrive live, a stranger’s name stays text', async () => {
  world.box = busyBox();
  await visit({ locale: 'en-US', ...DESKTOP }, async ({ page }) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await figure(page, 'saved'), '1.69 TB');
    assert.equal(await figure(page, 'wan'), '1.21 MB/s');
    assert.equal(await figure(page, 'hit-share'), '85 %');

    world.box = busyBox({ wan: { rxBytesPerS: 640_000, txBytesPerS: 0 } });
    await page.locator('[data-figure=wan]', { hasText: '640' }).waitFor({ timeout: 5000 });

    const text = (await page.locator('main').textContent()) ?? '';
    assert.ok(EVIL_NAME.includes('<script>'));
    assert.ok(text.includes('<script>document.title="pwned"</script>'), text);
    assert.ok(!/[\p{Cc}\u202e]/u.test(text.replaceAll(/\s/g, ' ')), 'no control character is shown raw');
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.equal(await page.title(), 'Swarmbox');
  });
});

test('in Chinese on a phone: nothing sticks out, the language is switched and remembered', async () => {
  world.box = busyBox({
    warnings: [{ code: 'disk-low', severity: 'warn', detail: { path: '/data', freeBytes: 41e9 } }],
  });
  await visit({ locale: 'zh-CN', ...PHONE }, async ({ page, browser }) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    assert.match(await textOf(page.locator('main')), /41\.0\s*GB.*磁盘|磁盘.*41\.0\s*GB/s);
    assert.ok((await sidewaysScroll(page)) <= 0, 'the page does not scroll sideways');

    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('link', { name: 'Overview' }).waitFor();
    await page.reload();
    await browser.settled();
    await page.getByRole('link', { name: 'Overview' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  });
});

test('the colours are switched and remembered', async () => {
  await visit({ locale: 'en-US', ...DESKTOP }, async ({ page, browser }) => {
    const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await back();
    await page.getByRole('button', { name: 'Dark colours' }).click();
    await page.getByRole('button', { name: 'Light colours' }).waitFor();
    const dark = await back();
    assert.notEqual(dark, light);
    await page.reload();
    await browser.settled();
    assert.equal(await back(), dark);
  });
});

test('an empty box says what to expect; a box that goes away is told, and found again when it is back', async () => {
  world.box = emptyBox();
  await visit({ locale: 'en-GB', ...DESKTOP }, async (v) => {
    const { page, browser } = v;
    await page.getByText('No torrent seen yet').waitFor();
    await page.getByText('Nothing decided yet').waitFor();
    assert.equal(await figure(page, 'saved'), '0 B');
    await page.getByText('Working', { exact: true }).waitFor();
    browser.expectNoTrouble();

    const { port } = v.admin;
    await v.admin.close();
    await page.getByText('No connection to the box.').waitFor({ timeout: 5000 });
    assert.match((await page.locator('main').getAttribute('class')) ?? '', /stale/);
    const claims = page.getByText('Working', { exact: true });
    assert.equal(await claims.count(), 0, 'the page does not claim that the box works');

    world.box = busyBox();
    v.admin = await startServer(port);
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.locator('[data-figure=saved]', { hasText: '1.69' }).waitFor({ timeout: 5000 });
    assert.equal(await page.getByText('No connection to the box.').count(), 0);
    // Chromium itself complains about a refused connection; nothing else may.
    v.forgive(/WebSocket connection .* failed|ERR_CONNECTION_(?:REFUSED|RESET)/);
  });
});

test('a box whose socket says nothing, and one whose answers fail, are told as such', async () => {
  world.box = busyBox();
  await visit({ locale: 'en-US', ...DESKTOP }, async ({ page, browser, admin }) => {
    setMode(new URLSearchParams('fail=/api/balance&fail=/api/worth'));
    await page.reload();
    await browser.settled();
    await page.getByText('The box tried and failed. Its log says more.').first().waitFor();
    assert.equal(await figure(page, 'saved'), '1.69 TB', 'what is known is shown all the same');
    browser.forgive(/status of 500/);

    setMode(new URLSearchParams('live=silent'));
    await page.getByText('No connection to the box.').waitFor({ timeout: 15_000 });
    assert.equal(admin.port > 0, true);
    setMode(new URLSearchParams());
    await page.getByText('No connection to the box.').waitFor({ state: 'detached', timeout: 15_000 });
  });
});
