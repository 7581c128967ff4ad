/** The page of a real central, with a real RabbitMQ and real terminals, in a real browser: from nobody having an account to a distribution that failed, was tried again, and was cancelled. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { silentLog } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { runTerminal } from '#fleet/node/role.ts';
import { type BrokerUser, centralRights, terminalRights } from '#fleet/rights.ts';
import { runCommand } from '#kernel/command.ts';
import { PrivateBroker } from '../scripts/fleet/private-broker.ts';
import { troublesOf } from './admin/page-checks.ts';
import { runCentralHouse } from './central-house.ts';
import { Browser, BuiltPage, nothingLives, PHONE, textOf } from './page-fixtures.ts';

const isRoot = process.getuid?.() === 0;
const options = { skip: isRoot ? false : 'Debian keeps RabbitMQ for root', timeout: 400_000 };
const PASSWORD = 'korrekt horse 电池';
const NODES = ['pc-1', 'pc-2'] as const;
/** Loopback in a spelling that is not taken for it: what another machine could reach is served over TLS. */
const HOST = '::ffff:127.0.0.1';
const SITE = 'east';

const freePort = async (host: string): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** A broker, a central and two terminals, of which the second trusts somebody else. */
class SmallFleet implements AsyncDisposable {
  readonly dir: string;
  readonly url: string;
  readonly #broker: PrivateBroker;
  readonly #scopes = new Map<string, Scope>();

  private constructor(dir: string, url: string, broker: PrivateBroker) {
    this.dir = dir;
    this.url = url;
    this.#broker = broker;
  }

  static async start(): Promise<SmallFleet> {
    const dir = await mkdtemp(join(tmpdir(), 'swarmbox-console-'));
    const password = randomBytes(8).toString('hex');
    const users: BrokerUser[] = [
      { name: 'central', password, rights: centralRights() },
      ...NODES.map((name) => ({ name, password, rights: terminalRights(name, SITE) })),
    ];
    const broker = await PrivateBroker.start({ vhost: 'fleet', users });
    const port = await freePort('127.0.0.1');
    const fleet = new SmallFleet(dir, `https://127.0.0.1:${port}`, broker);
    await writeFile(join(dir, 'password'), password);
    await fleet.#write('central', {
      dataDir: 'central',
      swarm: { ip: '127.0.0.1', port: await freePort('127.0.0.1') },
      admin: { host: HOST, port },
    });
    fleet.#scopes.set('central', await runCentralHouse(join(dir, 'central.json'), silentLog));
    const { generateKeyPairSync } = await import('node:crypto');
    const stranger = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(join(dir, 'stranger.pem'), stranger);
    for (const name of NODES) await fleet.run(name, name === 'pc-2' ? 'stranger.pem' : undefined);
    return fleet;
  }

  /** Begins a terminal that trusts the central, or another. */
  async run(name: string, key = 'central/signing-key.pem.pub'): Promise<void> {
    await this.#write(name, {
      name,
      site: SITE,
      dataDir: `data-${name}`,
      folder: `files-${name}`,
      swarm: { ip: '127.0.0.1', port: await freePort('127.0.0.1') },
      trust: [{ key, kinds: ['files'] }],
    });
    this.#scopes.set(name, await runTerminal(join(this.dir, `${name}.json`), silentLog, runCommand));
  }

  async stop(name: string): Promise<void> {
    await this.#scopes.get(name)?.close();
    this.#scopes.delete(name);
  }

  file(node: string, name: string): Promise<Buffer> {
    return readFile(join(this.dir, `files-${node}`, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#scopes.keys()].reverse()) await this.stop(name);
    await this.#broker[Symbol.asyncDispose]();
    await rm(this.dir, { recursive: true, force: true });
  }

  #write(name: string, config: object): Promise<void> {
    const { address: host, port, vhost } = this.#broker;
    const broker = { host, port, vhost, user: name, passwordFile: 'password' };
    return writeFile(join(this.dir, `${name}.json`), JSON.stringify({ broker, ...config }));
  }
}

const row = (page: Page, node: string) => page.locator('.site tr', { hasText: node });

async function setUp(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/`);
  await page.locator('[data-field=name]').fill('chen');
  await page.locator('[data-field=password]').fill(PASSWORD);
  await page.locator('[data-field=again]').fill(PASSWORD);
  await page.locator('main form button.main').click();
  await page.locator('[data-figure=online]').waitFor();
}

/** Signs out and in again, as everybody does the second time. */
async function signIn(page: Page): Promise<void> {
  await page.locator('.top-tools button').last().click();
  await page.locator('input[name=name]').fill('chen');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('.sign-in button.main').click();
  await page.locator('[data-figure=online]').waitFor();
}

test(
  'a person sets the central up, publishes, sees why a node refused, tries again, and cancels',
  options,
  async () => {
    await using built = await BuiltPage.make({ asShipped: true, mode: 'central' });
    {
      await using fleet = await SmallFleet.start();
      const look = { locale: 'zh-CN', ...PHONE, colors: 'light' } as const;
      await using browser = await Browser.start(built.dir, look, ['--ignore-certificate-errors']);
      const { page } = browser;
      const { url, dir } = fleet;
      await setUp(page, url);
      await signIn(page);
      await page.locator('[data-figure=online]', { hasText: /^2/ }).waitFor();

      // A file from the list of files, for all.
      const content = randomBytes(700_000);
      await writeFile(join(dir, '补丁.bin'), content);
      await page.locator('main a.button').click();
      await page.locator('input[data-field=files]').setInputFiles(join(dir, '补丁.bin'));
      assert.equal(await page.locator('[data-field=name]').inputValue(), '补丁.bin');
      await page.locator('main button[type=submit]').click();
      await page.waitForURL(/#\/distributions\/[0-9a-f]{64}$/);

      // One has it; the other does not trust who signed it, and that is said in words.
      await row(page, 'pc-1').locator('b', { hasText: '完成' }).waitFor();
      const refused = row(page, 'pc-2');
      await refused.locator('b', { hasText: '已拒绝' }).waitFor();
      assert.match(await textOf(refused), /签名者不受该节点信任/);
      assert.deepEqual(await fleet.file('pc-1', '补丁.bin'), content);
      assert.equal(await textOf(page.locator('[data-figure=count-failed]')), '1');

      // The other language, at once, on every view; and nothing sticks out on a phone.
      await page.locator('.top-tools button').first().click();
      await refused.getByText('Nobody whom this node trusts signed it').waitFor();
      const distribution = new URL(page.url()).hash.slice(1);
      // What was told in the other language goes by itself.
      await page.locator('.said p').waitFor({ state: 'detached' });
      const english = { ...look, locale: 'en-US' } as const;
      for (const path of ['/', distribution, '/nodes', '/nodes/pc-2', '/publish', '/diary', '/system', '/account']) {
        await browser.open(url, path);
        assert.deepEqual(await troublesOf(browser, english), [], path);
      }

      // Its owner gives it the key; it is tried again, and has it.
      await fleet.stop('pc-2');
      await fleet.run('pc-2');
      await browser.open(url, distribution);
      await row(page, 'pc-2').getByRole('button', { name: 'Try again' }).click();
      await page.locator('[data-figure=state]', { hasText: 'All have it' }).waitFor({ timeout: 90_000 });
      assert.deepEqual(await fleet.file('pc-2', '补丁.bin'), content);

      // Dropped, for one site, while a node is away: it waits, and is cancelled.
      await fleet.stop('pc-2');
      await browser.open(url, '/publish');
      const dropped = await page.evaluateHandle(() => {
        const data = new DataTransfer();
        data.items.add(new File(['a'.repeat(2_000)], '公告.txt'));
        data.items.add(new File(['b'.repeat(3_000)], '附件.txt'));
        return data;
      });
      await page.dispatchEvent('.drop', 'drop', { dataTransfer: dropped });
      await page.locator('[data-figure=chosen]').waitFor();
      await page.locator('main button[type=submit]').click();
      await page.locator('.field-error', { hasText: 'It needs a name' }).waitFor();
      await page.locator('[data-field=name]').fill('通知');
      await page.locator('label', { hasText: 'Some sites' }).click();
      await page.locator('label', { hasText: SITE }).click();
      await page.locator('main button[type=submit]').click();
      await page.waitForURL((to) => /^#\/distributions\//.test(to.hash) && to.hash.slice(1) !== distribution);
      await row(page, 'pc-1').locator('b', { hasText: 'Done' }).waitFor();
      assert.equal((await fleet.file('pc-1', '通知/附件.txt')).length, 3_000);
      await page.locator('.heading button.danger').click();
      await page.locator('.dialog button.danger').click();
      await page.locator('[data-figure=state]', { hasText: 'Cancelled' }).waitFor();

      // All of it stands in the diary, and who did it in the audit log.
      await browser.open(url, '/diary');
      const diary = await textOf(page.locator('.diary'));
      for (const said of ['Published', 'Refused', 'Tried again', 'All have it', 'Cancelled'])
        assert.ok(diary.includes(said), `${said} in ${diary}`);
      await browser.open(url, '/system/audit');
      const audit = await textOf(page.locator('table.audit'));
      for (const said of ['Published to the fleet', 'Distribution tried again', 'Distribution cancelled'])
        assert.ok(audit.includes(said), said);
      browser.forgive(/status of 40[13]|WebSocket is closed before|HTTP Authentication failed|status of 503/);
      browser.expectNoTrouble();
    }
    await nothingLives();
  },
);
