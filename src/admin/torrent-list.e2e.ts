/** The list of 100,000 torrents in a browser: to its end, to what is looked for, and what is done there reaches the box. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setMode } from '../../web/mock/mode.ts';
import { torrents } from '../../web/mock/task-answers.ts';
import { Browser, BuiltPage, DESKTOP, type Look, nothingLives, PHONE, textOf } from '../page-fixtures.ts';
import { startMockBox } from './mock-fixtures.ts';

let built: BuiltPage;
before(async () => {
  built = await BuiltPage.make();
});
after(() => built[Symbol.asyncDispose]());

async function onTheList(look: Look, mode: string, body: (browser: Browser, url: string) => Promise<void>) {
  setMode(new URLSearchParams(mode));
  const admin = await startMockBox({ webRoot: built.webRoot });
  const browser = await Browser.start(built.dir, look);
  try {
    await browser.open(admin.url, '/torrents');
    await browser.page.locator('#row-0 .name').waitFor();
    await body(browser, admin.url);
    browser.expectNoTrouble();
  } finally {
    await browser[Symbol.asyncDispose]();
    await admin.close();
  }
  await nothingLives();
}

const COUNT = 100_000;

test('a hundred thousand torrents: the end is reached by scrolling and by keys, with few rows in the page', async () => {
  await onTheList({ locale: 'en-US', ...DESKTOP }, '', async ({ page }) => {
    assert.equal(torrents.length, COUNT);
    assert.match(await textOf(page.locator('.heading .count')), /100,000/);
    const rows = page.locator('.trow');
    await page.locator('.trows').evaluate((e) => e.scrollTo(0, e.scrollHeight));
    await page.locator(`#row-${COUNT - 1} .name`).waitFor();
    assert.ok((await rows.count()) < 100, `${await rows.count()} rows are in the page`);

    await page.locator('.trows').focus();
    await page.keyboard.press('Home');
    await page.locator('#row-0 .name').waitFor();
    await page.keyboard.press('End');
    await page.locator(`#row-${COUNT - 1} .name`).waitFor();
    const active = await page.locator('.trows').getAttribute('aria-activedescendant');
    assert.equal(active, `row-${COUNT - 1}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/torrents\/[0-9a-f]{40}$/);
  });
});

test('what is looked for is found, chosen and pinned: the box then has it pinned', async () => {
  await onTheList({ locale: 'en-US', ...DESKTOP }, '', async ({ page }) => {
    const wanted = torrents.find((t) => !t.isPinned && !t.isBlocked && t.name.startsWith('Sintel'));
    assert.ok(wanted);
    await page.getByRole('searchbox').fill(wanted.infoHash.slice(0, 12));
    await page.waitForURL(/search=/);
    await page.locator('.heading .count', { hasText: /^1 / }).waitFor();
    await page.locator('#row-0 input[type=checkbox]').click();
    await page.getByText('1 selected').waitFor();
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    await page.locator('#row-0 .label.pinned').waitFor();
    assert.equal(torrents.find((t) => t.infoHash === wanted.infoHash)?.isPinned, true);
  });
});

test('what cannot be taken back is asked first; Escape is no, and the focus returns', async () => {
  await onTheList({ locale: 'zh-CN', ...PHONE }, '', async ({ page }) => {
    const before = torrents.length;
    await page.locator('#row-2 input[type=checkbox]').click();
    const drop = page.locator('.chosen-bar button.danger');
    await drop.click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(torrents.length, before);
    assert.ok(await drop.evaluate((e) => e === document.activeElement), 'the focus is where it was');

    const hash = (await page.locator('#row-2 a.name').getAttribute('href'))?.slice(-40);
    await drop.click();
    await dialog.locator('button.danger').click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(torrents.length, before - 1);
    assert.ok(!torrents.some((t) => t.infoHash === hash));
  });
});

test('a filter stays in the address, and comes back with it', async () => {
  await onTheList({ locale: 'en-US', ...DESKTOP }, '', async (browser) => {
    const { page } = browser;
    await page.getByLabel('Show').selectOption({ label: 'Pinned' });
    await page.waitForURL(/filter=pinned/);
    const pinned = torrents.filter((t) => t.isPinned).length;
    await page.locator('.heading .count', { hasText: new RegExp(`^${pinned.toLocaleString('en')} `) }).waitFor();
    await page.reload();
    await browser.settled();
    await page.locator('.heading .count', { hasText: new RegExp(`^${pinned.toLocaleString('en')} `) }).waitFor();
    assert.equal(await page.locator('#row-0 .label.pinned').count(), 1);
  });
});

test('whoever may only look is offered nothing to do', async () => {
  await onTheList({ locale: 'en-US', ...DESKTOP }, 'as=look', async ({ page }) => {
    assert.equal(await page.locator('.trow input').count(), 0);
    assert.equal(await page.locator('.heading button').count(), 0);
  });
});
