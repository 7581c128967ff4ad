/** The operator's page on the real box, in a real browser: from a box that nobody has set up to one that is restored from its backup. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { BoxSnapshot } from '#admin/contract.ts';
import type { Worth } from '#admin/contract-figures.ts';
import type { NetworkView } from '#admin/contract-machine.ts';
import type { HistoryRow, SettingsView } from '#admin/contract-settings.ts';
import type { TaskDetail } from '#admin/contract-tasks.ts';
import { MIB } from '#base/units.ts';
import { MACHINE_LIMITS } from '#machine/limits.ts';
import { Page as CafePage } from '../scripts/cafe/page.ts';
import { until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { LoopDisk } from '../scripts/disks/loop-disk.ts';
import { bytes } from '../web/src/frame/format.ts';
import { inCafe, options, task } from './box-fixtures.ts';
import { Browser, BuiltPage, DESKTOP, figure, PHONE, sidewaysScroll, textOf } from './page-fixtures.ts';

const NAME = 'chen';
const PASSWORD = 'korrekt horse 电池';

/** `spare`: a disk of the machine that the box does not use yet. */
type Visit = { cafe: Cafe; browser: Browser; page: Page; url: string; spare: LoopDisk };

/** Of a box that was killed: the way to it is there, and it is not. */
const GONE = /status of 503 .*\/api\/|WebSocket connection to 'ws:[^']*\/api\/live' failed: .*503/;

const settings = async (cafe: Cafe) => (await cafe.daemon.get('/api/settings')) as SettingsView;

const next = ({ page }: Visit) => page.locator('.set-up form button.main').click();

/** The set-up's steps after the account, and what the machine that the cafe runs on has for them. */
const STEPS: Readonly<Record<string, (visit: Visit) => Promise<void>>> = {
  /** The clock is of the machine that runs this test: its zone is looked up and left as it is. */
  async 时区(visit) {
    const { page } = visit;
    const zones = page.locator('.set-up select option');
    await page.locator('.set-up input[type=search]').fill('asia/shang');
    await zones.filter({ hasText: 'Asia/Shanghai' }).waitFor({ state: 'attached' });
    assert.ok((await zones.count()) <= 2, 'what is searched for, and what is set');
    await next(visit);
  },
  async 网口(visit) {
    const { page } = visit;
    const [lan, wan] = [page.locator('[data-field=lan]'), page.locator('[data-field=wan]')];
    assert.deepEqual([await lan.inputValue(), await wan.inputValue()], ['lan0', 'wan0']);
    await wan.selectOption('lan0');
    await next(visit);
    await page.locator('.ports-form .field-error').waitFor();
    await wan.selectOption('wan0');
    await next(visit);
  },
  /** No systemd-networkd keeps an address here: it is shown, and nothing offered that could not be done. */
  async 盒子地址({ page, cafe }) {
    const { canChange, addresses } = (await cafe.daemon.get('/api/network')) as NetworkView;
    const shown = await textOf(page.locator('.set-up .facts dd').first());
    for (const address of addresses) assert.ok(shown.includes(address), `${address} in ${shown}`);
    assert.equal(canChange, false);
    await page.locator('.set-up .system-note').waitFor();
    assert.equal(await page.locator('.address-form').count(), 0);
  },
  async 磁盘({ page, cafe, spare }) {
    const folders = async () => (await settings(cafe)).values.disks as readonly string[] | undefined;
    const own = join(spare.path, 'swarmbox');
    const row = page.locator('.found li', { has: page.getByText(spare.device, { exact: true }) });
    await row.getByRole('button', { name: /接管/ }).click();
    const undo = page.locator('.undo-list li', { hasText: own });
    await undo.waitFor();
    assert.ok((await folders())?.includes(own));
    await undo.getByRole('button').click();
    await undo.waitFor({ state: 'detached' });
    assert.ok(!(await folders())?.includes(own));
    await row.getByRole('button', { name: /接管/ }).click();
    await undo.waitFor();
  },
  async 外网线路(visit) {
    // As the page itself writes a thousand.
    await visit.page.locator('[data-path="uplink.mbps"] input').fill('1,000');
    await next(visit);
    await visit.page.locator('.set-up .facts').waitFor();
    assert.equal(await uplinkMbps(visit), 1000);
  },
};

const uplinkMbps = async ({ cafe }: Visit) =>
  ((await settings(cafe)).values.uplink as { mbps?: number } | undefined)?.mbps;

/** The last step is gone back to, undone, and left. */
async function limitIsUndone(visit: Visit): Promise<void> {
  const { page } = visit;
  await page.locator('.step-back button').click();
  await page.locator('.undo-list li button').click();
  await page.locator('.undo-list').waitFor({ state: 'detached' });
  assert.equal(await uplinkMbps(visit), undefined);
  await page.locator('.step-skip button').click();
  await page.locator('.set-up .facts').waitFor();
}

/** On a phone in Chinese: nothing is set up, and in the end somebody is signed in. */
async function setUp(visit: Visit): Promise<void> {
  const { cafe, browser, page, url } = visit;
  await browser.open(url, '/');
  await page.waitForURL(/#\/set-up/);
  await page.getByRole('heading', { name: '设置盒子' }).waitFor();
  await page.locator('.set-up button.main').click();
  const fields = page.locator('.set-up input[type=password]');
  await page.locator('.set-up input[data-field=name]').fill(NAME);
  await fields.nth(0).fill('short');
  await fields.nth(1).fill('short');
  await page.locator('.set-up button.main').click();
  await page.locator('.field-error').first().waitFor();
  await fields.nth(0).fill(PASSWORD);
  await fields.nth(1).fill(PASSWORD);
  await page.locator('.set-up button.main').click();
  await page.locator('.step[aria-current=step]', { hasText: '时区' }).waitFor();
  // Whoever reloads goes on where it was.
  await page.reload();
  for (const [name, walk] of Object.entries(STEPS)) {
    await page.locator('.step[aria-current=step]', { hasText: name }).waitFor();
    await walk(visit);
    assert.ok((await sidewaysScroll(page)) <= 0, `${name} does not stick out`);
    // What a step did stands there, and to go on is the same button that would skip it.
    if ((await page.locator('.step[aria-current=step]', { hasText: name }).count()) > 0)
      await page.locator('.step-skip button').click();
  }
  await limitIsUndone(visit);
  assert.equal(await page.locator('.set-up .facts .badge:not(.plain)').count(), 5, 'five of seven steps were done');
  await page.getByRole('button', { name: '前往概览' }).click();
  await page.locator('[data-figure=saved]').waitFor();
  const { accounts } = (await cafe.daemon.get('/api/accounts')) as { accounts: { name: string; right: string }[] };
  assert.deepEqual(
    accounts.map(({ name, right }) => [name, right]),
    [[NAME, 'administer']],
  );
  const audit = JSON.stringify(await cafe.daemon.get('/api/audit'));
  for (const where of [audit, await readFile(cafe.daemon.logPath, 'utf8')])
    assert.ok(!where.includes(PASSWORD), 'a password is never written down');
}

/** Wrong passwords lock this way in, and no other; once it is over the right one opens. */
async function lockedOut({ cafe, page, url }: Visit): Promise<void> {
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL(/#\/sign-in/);
  await page.goto(`${url}/#/torrents`);
  await page.waitForURL(/#\/sign-in\?back=/);
  await page.reload();
  const password = page.locator('input[name=password]');
  const submit = page.locator('.sign-in button[type=submit]');
  const locked = page.locator('.sign-in-locked');
  await page.locator('input[name=name]').fill(NAME);
  for (let i = 0; i < 12 && (await locked.count()) === 0; i++) {
    await password.fill(`wrong ${i}`);
    await submit.click();
    await page.locator('.sign-in .field-error, .sign-in-locked').first().waitFor();
    await page.waitForTimeout(200);
  }
  await locked.waitFor();
  assert.ok(await submit.isDisabled());
  assert.ok(await cafe.daemon.get('/api/accounts'), 'who has the control socket is not shut out');
  await locked.waitFor({ state: 'detached', timeout: 60_000 });
  await password.fill(PASSWORD);
  await submit.click();
  // To where the sign-in was needed.
  await page.waitForURL(/#\/torrents$/);
}

/** What clients downloaded is on the page as the API has it. */
async function figuresEqual({ cafe, browser, page, url }: Visit): Promise<void> {
  for (const pc of [1, 2]) {
    const download = await cafe.download(pc, 'libtorrent');
    await download.complete();
    assert.deepEqual(await download.wrongFiles(), []);
    await download.client.kill();
  }
  await browser.open(url, '/');
  const said = (value: number) => {
    const { value: text, unit } = bytes(value);
    return `${text} ${unit}`;
  };
  await until(
    'the page with the API’s figures',
    async () => {
      const [{ totals }, worth] = await Promise.all([
        cafe.daemon.get('/api/snapshot') as Promise<BoxSnapshot>,
        cafe.daemon.get('/api/worth') as Promise<Worth>,
      ]);
      // Each is a second old at most, and of another second.
      if (totals.servedBytes < cafe.payload.totalBytes * 1.9 || worth.all.servedBytes !== totals.servedBytes)
        return false;
      const sums = (await page.locator('.sums dd').allTextContents()).map((text) => text.replaceAll('\u00a0', ' '));
      const saved = (await figure(page, 'saved')) === said(totals.savedBytes);
      return saved && sums[0] === said(totals.servedBytes) && sums[1] === said(totals.filledBytes);
    },
    20_000,
  );
}

/** What is done to a torrent on the page is what the box then does. */
async function actions({ cafe, browser, page, url }: Visit): Promise<void> {
  const { infoHash } = cafe.payload;
  const detail = async () => (await cafe.daemon.get(`/api/tasks/${infoHash}`)) as TaskDetail;
  await browser.open(url, `/torrents/${infoHash}`);
  await page.getByRole('button', { name: '固定', exact: true }).click();
  await until('it is pinned', async () => (await detail()).isPinned, 10_000);

  await page.getByRole('button', { name: '屏蔽', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: '屏蔽', exact: true }).click();
  await until('it is blocked', async () => (await detail()).isBlocked, 10_000);
  const before = (await cafe.daemon.snapshot()).totals.servedBytes;
  const passes = await cafe.download(1, 'aria2');
  await passes.complete();
  assert.equal(await task(cafe), undefined, 'what is blocked has no task');
  await page.waitForTimeout(1100);
  assert.equal((await cafe.daemon.snapshot()).totals.servedBytes, before, 'and is not served');
  await page.getByRole('button', { name: '取消屏蔽' }).click();
  await until('it is allowed again', async () => !(await detail()).isBlocked, 10_000);
}

/** Types host names into the settings and saves them. */
async function changeNames({ browser, page, url }: Visit, names: string): Promise<void> {
  await browser.open(url, '/settings/page');
  await page.locator('[data-path=names] textarea').fill(names);
  await page.locator('.save-bar button.main').click();
  await page.getByRole('dialog').locator('button.main').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('.confirm-banner.waits').waitFor();
}

/** What could shut the operator out takes itself back, unless it is confirmed; a crash in the middle changes nothing of that. */
async function commitConfirm(visit: Visit): Promise<void> {
  const { cafe, page } = visit;
  await changeNames(visit, 'box.cafe');
  assert.deepEqual((await settings(cafe)).values.names, ['box.cafe']);
  await page.locator('.confirm-banner button.main').click();
  await page.locator('.confirm-banner.ended').waitFor();
  assert.equal((await settings(cafe)).unconfirmed, undefined);
  await page.locator('.confirm-banner button').click();

  await changeNames(visit, 'wrong.cafe');
  await cafe.daemon.kill();
  await cafe.daemon.startAgain();
  assert.ok((await settings(cafe)).unconfirmed, 'it still waits');
  assert.deepEqual((await settings(cafe)).values.names, ['wrong.cafe']);
  // The session goes on: nobody has to sign in, and the page finds the box by itself.
  await page.locator('.confirm-banner.waits').waitFor({ timeout: 30_000 });
  await page.locator('.confirm-banner.reverted').waitFor({ timeout: 120_000 });
  assert.deepEqual((await settings(cafe)).values.names, ['box.cafe']);
  const { rows } = (await cafe.daemon.get('/api/settings/history')) as { rows: HistoryRow[] };
  assert.equal(rows[0]?.kind, 'reverted');
  await page.locator('.confirm-banner button').click();
}

/** A crash of the daemon is told, and over as soon as it is back; who was signed in still is. */
async function crash({ cafe, browser, page, url }: Visit): Promise<void> {
  await browser.open(url, '/');
  await page.locator('[data-figure=saved]').waitFor();
  await cafe.daemon.kill();
  await page.locator('main.stale').waitFor({ timeout: 15_000 });
  await cafe.daemon.startAgain();
  await page.locator('main:not(.stale)').waitFor({ timeout: 40_000 });
  await page.reload();
  await browser.settled();
  await page.locator('[data-figure=saved]').waitFor();
  assert.match(page.url(), /#?\/?$/);
}

/** The backup is a file that the browser keeps; what it holds comes back, and without its passphrase it does not. */
async function backup({ cafe, browser, page, url }: Visit): Promise<void> {
  const passphrase = 'of the box in the cafe';
  await browser.open(url, '/settings/backup');
  const forms = page.locator('form.card');
  await forms.nth(0).locator('input').nth(0).fill(passphrase);
  await forms.nth(0).locator('input').nth(1).fill(passphrase);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    forms.nth(0).locator('button[type=submit]').click(),
  ]);
  const path = await file.path();
  const text = await readFile(path, 'utf8');
  assert.ok(!text.includes('argon2') && !text.includes(PASSWORD), 'no secret is in it in clear');

  const { revision } = await settings(cafe);
  await cafe.daemon.command('PATCH', '/api/settings', { revision, values: { seats: 7 } });
  const restore = forms.nth(1);
  await restore.locator('input[type=file]').setInputFiles(path);
  await restore.locator('input[type=password]').fill('another passphrase');
  await restore.locator('button[type=submit]').click();
  await restore.locator('.field-error').waitFor();
  assert.equal((await settings(cafe)).values.seats, 7);
  await restore.locator('input[type=password]').fill(passphrase);
  await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith('/api/backup/restore') && answer.ok()),
    restore.locator('button[type=submit]').click(),
  ]);
  await until('the settings of the backup', async () => (await settings(cafe)).values.seats !== 7, 15_000);
  const { accounts } = (await cafe.daemon.get('/api/accounts')) as { accounts: { name: string }[] };
  assert.deepEqual(
    accounts.map(({ name }) => name),
    [NAME],
  );
}

async function language({ browser, page, url }: Visit): Promise<void> {
  await page.goto('about:blank');
  await browser.open(url, '/');
  if (await page.locator('.sign-in').count()) {
    // A backup with accounts ends the sessions.
    await page.locator('input[name=name]').fill(NAME);
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.locator('.sign-in button[type=submit]').click();
    await page.locator('[data-figure=saved]').waitFor();
  }
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('link', { name: 'Overview' }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Overview' }).waitFor();
}

/** A backup with accounts ends the sessions, whatever the page is just asking. */
const SESSION_OVER = /status of 401 .*\/api\/|WebSocket is closed before|HTTP Authentication failed/;

/** What is done, and what the browser says of it: of each refusal, and of a box that is not there. The page says it too. */
const PARTS: Readonly<Record<string, { part: (visit: Visit) => Promise<void>; forgive?: RegExp }>> = {
  setUp: { part: setUp },
  lockedOut: { part: lockedOut, forgive: /status of 403 .*\/api\/session$/ },
  figuresEqual: { part: figuresEqual },
  actions: { part: actions },
  commitConfirm: { part: commitConfirm, forgive: GONE },
  crash: { part: crash, forgive: GONE },
  backup: { part: backup, forgive: new RegExp(`status of 422 .*/api/backup/restore$|${SESSION_OVER.source}`) },
  language: { part: language, forgive: SESSION_OVER },
};

test(
  'the page of the real box, from the set-up on a phone to a restored backup',
  { ...options, timeout: 600_000 },
  (t) =>
    inCafe(
      'page',
      { sizeMib: 8, pieceKib: 256, wanMbit: 100, clients: ['libtorrent', 'aria2'], seeders: ['libtorrent'] },
      async (cafe) => {
        await using built = await BuiltPage.make({ asShipped: true });
        // Before the daemon: it sees what was mounted when it began.
        using spare = new LoopDisk(MACHINE_LIMITS.leastDiskBytes + 64 * MIB);
        await cafe.daemon.start();
        await using way = await CafePage.start(0, cafe.daemon.pagePath);
        await using browser = await Browser.start(built.dir, { locale: 'zh-CN', ...PHONE });
        const visit: Visit = { cafe, browser, page: browser.page, url: `http://127.0.0.1:${way.port}`, spare };
        for (const [name, { part, forgive }] of Object.entries(PARTS)) {
          await part(visit);
          if (forgive) browser.forgive(forgive);
          browser.expectNoTrouble();
          t.diagnostic(name);
          if (name === 'lockedOut') await browser.page.setViewportSize(DESKTOP);
        }
      },
    ),
);
