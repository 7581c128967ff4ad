/** Moments at which a page goes wrong: an answer that comes too late, a session that is over, a view that is left half-way. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signInAs } from '../../web/mock/access-answers.ts';
import { setMode } from '../../web/mock/mode.ts';
import { torrents } from '../../web/mock/task-answers.ts';
import { Browser, BuiltPage, DESKTOP, nothingLives, textOf } from '../page-fixtures.ts';
import { startMockBox } from './mock-fixtures.ts';

let built: BuiltPage;
before(async () => {
  built = await BuiltPage.make();
});
after(() => built[Symbol.asyncDispose]());

async function visit(path: string, body: (browser: Browser, url: string) => Promise<void>) {
  setMode(new URLSearchParams());
  const admin = await startMockBox({ webRoot: built.webRoot });
  const browser = await Browser.start(built.dir, { locale: 'en-US', ...DESKTOP });
  try {
    await browser.open(admin.url, path);
    await body(browser, admin.url);
    browser.expectNoTrouble();
  } finally {
    await browser[Symbol.asyncDispose]();
    await admin.close();
  }
  await nothingLives();
}

/** From now on the code of views comes as late as over a slow line. */
const slowCode = ({ page }: Browser, names = /./) =>
  page.route('**/assets/**', async (route) => {
    if (names.test(route.request().url())) await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
const link = ({ page }: Browser, path: string) => page.locator(`.nav a[href="#${path}"]`);

test('what is looked for is what the address says, whoever changed it', () =>
  visit('/torrents', async (browser) => {
    const { page } = browser;
    const search = page.getByRole('searchbox');
    await search.fill('debian');
    await page.waitForURL(/search=debian/);
    await link(browser, '/torrents').click();
    await page.locator('.heading .count', { hasText: /^100,000/ }).waitFor();
    assert.equal(await search.inputValue(), '');
  }));

test('who types and leaves at once is not brought back', () =>
  visit('/torrents', async (browser) => {
    const { page } = browser;
    await slowCode(browser);
    await page.getByRole('searchbox').evaluate((field: HTMLInputElement) => {
      field.value = 'debian';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      location.hash = '/flows';
    });
    await page.locator('.flows-view').waitFor();
    assert.match(page.url(), /#\/flows$/);
  }));

test('a view may be opened while the words of another language are on their way', () =>
  visit('/flows', async (browser) => {
    const { page } = browser;
    await slowCode(browser, /flows-zh|flow-reasons-zh/);
    await page.getByRole('button', { name: '中文' }).click();
    await link(browser, '/clients').click();
    await page.locator('.clients-view').waitFor();
    await page.locator('html[lang=zh-CN]').waitFor();
    assert.match(await textOf(page.locator('main h2').first()), /\p{Script=Han}/u);
  }));

test('a session that ends leads to the sign-in, also from a view that asks nothing by itself, and nothing is refused', () =>
  visit('/flows', async ({ page }) => {
    await page.locator('.verdicts li').first().waitFor();
    // Whether a change waits to be confirmed is asked once, a moment after the page stands.
    await page.waitForTimeout(1500);
    signInAs('none');
    await page.waitForURL(/#\/sign-in\?back=/, { timeout: 15_000 });
    await page.waitForTimeout(1500);
  }));

test('a guest who may look no longer is led to the sign-in, and the socket is left alone', () =>
  visit('/', async (browser) => {
    const { page } = browser;
    signInAs('guest');
    await page.reload();
    await page.locator('[data-figure=saved]').waitFor();
    signInAs('none');
    await page.waitForURL(/#\/sign-in/, { timeout: 15_000 });
    await page.waitForTimeout(1500);
    assert.equal(await page.locator('.notice-text').count(), 0, 'nothing is said of a lost connection');
    // The overview asks for figures of its own accord, which may be what tells it.
    browser.forgive(/status of 401 .*\/api\/(?:worth|balance)$/);
  }));

test('who comes back after the session has run out is asked to sign in, and refused nothing', () =>
  visit('/', async ({ page }, url) => {
    await page.goto('about:blank');
    signInAs('none');
    await page.clock.setFixedTime(Date.now() + 12 * 3_600_000);
    await page.goto(`${url}/#/torrents`);
    await page.waitForURL(/#\/sign-in\?back=/);
    await page.waitForTimeout(500);
  }));

test('a sign-out that does not succeed is told', () =>
  visit('/', async (browser) => {
    const { page } = browser;
    setMode(new URLSearchParams('fail=DELETE /api/session'));
    await page.getByRole('button', { name: /sign out/i }).click();
    await page.locator('.said .bad').waitFor();
    browser.forgive(/status of 500/);
  }));

test('of another torrent nothing of the one before is shown', () =>
  visit(`/torrents/${torrents[0]?.infoHash}`, async (browser) => {
    const { page } = browser;
    const name = await textOf(page.locator('.torrent-head h2'));
    setMode(new URLSearchParams('fail=GET /api/tasks/{infoHash}'));
    await page.evaluate((hash) => {
      location.hash = `/torrents/${hash}`;
    }, torrents[1]?.infoHash);
    await page.locator('.torrent .problem').waitFor();
    assert.ok(!(await textOf(page.locator('main'))).includes(name));
    browser.forgive(/status of 500/);
  }));

test('what pins also unpins: the focus stays on it', () => {
  const plain = torrents.find((t) => !t.isPinned && !t.isBlocked);
  return visit(`/torrents/${plain?.infoHash}`, async ({ page }) => {
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    for (const [now, then] of [
      ['Pin', 'Unpin'],
      ['Unpin', 'Pin'],
    ] as const) {
      await page.getByRole('button', { name: now, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: then, exact: true }).waitFor();
      assert.equal(await focused(), then);
    }
  });
});

test('files: dropped on the open dialog they are taken, what cannot be read is told, and what only flew by leaves nothing', () =>
  visit('/torrents', async ({ page }) => {
    const list = page.locator('section.torrents');
    await list.dispatchEvent('dragover');
    await page.locator('.drop-here').waitFor();
    await page.locator('.toolbar').dispatchEvent('dragleave', { relatedTarget: null });
    await page.locator('.drop-here').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Add a torrent' }).click();
    const dialog = page.getByRole('dialog');
    const files = await page.evaluateHandle(() => {
      const all = new DataTransfer();
      all.items.add(new File(['d'], 'dropped.torrent'));
      return all;
    });
    await dialog.dispatchEvent('drop', { dataTransfer: files });
    await dialog.getByText('dropped.torrent').waitFor();

    const path = join(built.dir, 'gone.torrent');
    await writeFile(path, 'd');
    await dialog.locator('input[type=file]').setInputFiles(path);
    await rm(path);
    const add = dialog.locator('button[type=submit]');
    await add.click();
    await page.locator('.said .bad', { hasText: 'gone.torrent' }).waitFor();
    assert.equal(await add.getAttribute('aria-busy'), 'false');
  }));

test('a view whose code is gone, as after an update of the box, is there after another try', () =>
  visit('/', async (browser, url) => {
    const { page } = browser;
    await page.route('**/assets/**', (route) => route.fulfill({ status: 404 }));
    // The page as it is now names what there is.
    await page.route(`${url}/`, async (route) => {
      await page.unroute('**/assets/**');
      await route.continue();
    });
    await link(browser, '/flows').click();
    const again = page.locator('main .connecting button');
    await again.waitFor();
    await again.click();
    await page.locator('.flows-view').waitFor();
    browser.forgive(/status of 404/);
  }));
