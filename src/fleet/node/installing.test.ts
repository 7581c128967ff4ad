import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import type { Firmware } from '../manifest.ts';
import { decodeUp, type UpMessage } from '../messages.ts';
import { type Distribution, distribution, temporary } from './fixtures.ts';
import type { Bundle, Installer, InstallOutcome } from './installer.ts';
import { Installing } from './installing.ts';
import { NodeBook } from './node-book.ts';

const keys = generateKeyPairSync('ed25519');
const TRUSTED = [{ key: keys.publicKey, kinds: ['firmware' as const] }];
const bundleOf = (version: string, over: Partial<Firmware> = {}): Distribution =>
  distribution(100, { kind: 'firmware', firmware: { compatible: 'pc', version, ...over } }, keys.privateKey, version);

const lyingAt = (path: string): Bundle => ({ path, sizeBytes: 1, bytes: () => assert.fail('nobody reads it') });

/** An installer that does as the test says. */
class PlayedInstaller implements Installer {
  version: string | undefined = '1.0';
  readonly asked: string[] = [];
  /** What the next `install` ends with; until it is there, it goes on. */
  end: InstallOutcome | 'restarts' | Error | undefined = { kind: 'healthy' };
  became: InstallOutcome | undefined;
  async running() {
    return { compatible: 'pc', ...(this.version !== undefined && { version: this.version }) };
  }
  async install({ path }: Bundle, { version }: Firmware, _report: () => void, signal: AbortSignal) {
    this.asked.push(`${path} ${version}`);
    while (!this.end && !signal.aborted) await nextTurn();
    const end = this.end ?? { kind: 'failed' as const, code: 'killed' };
    if (end instanceof Error) throw end;
    return end;
  }
  async outcome() {
    return this.became;
  }
}

/** One life of a node's installing, on a book that outlives it. */
function lifeOf(t: TestContext, folder: string, installer: Installer | undefined) {
  const fleetBook = FleetBook.open(join(folder, 'fleet.db'));
  const scope = new Scope((error) => assert.fail(String(error)));
  const book = new NodeBook(fleetBook, 'n1', TRUSTED, () => Date.now());
  const missing = new Set<string>();
  const installing = new Installing({
    book,
    installer,
    clock: { ...realClock, sleep: async () => void (await nextTurn()) },
    log: silentLog,
    scope,
    bundle: async (id) => (missing.has(id) ? undefined : lyingAt(`/at/${id.slice(0, 4)}`)),
    say: () => {},
    kept: () => {},
  });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= scope.close().then(() => fleetBook[Symbol.dispose]());
    return ending;
  };
  t.after(end);
  const here = ({ id, manifest, signed, seedBytes }: Distribution): void =>
    book.settle(undefined, () => {
      book.take(id, manifest, signed, seedBytes);
      book.whole(id, manifest, { amqpBytes: 0, swarmBytes: 0 });
    });
  /** As ControlInbox does it. */
  const order = async (id: string, attempt = 1): Promise<void> => {
    const { answers = [], effect, after } = await installing.ordered({ id, attempt });
    book.settle(undefined, (say) => {
      effect?.(say);
      for (const answer of answers) say(answer);
    });
    await after?.();
  };
  /** All that it said so far, through the book. */
  const said = (): string[] =>
    fleetBook.unsent(0, 1_000).map(({ type, contentType, body }) => {
      const read = decodeUp({ type, contentType, body });
      assert.ok(read.kind === 'ok');
      const message: UpMessage = read.value;
      if (message.kind !== 'installed') return message.kind;
      return `${message.healthy ? 'healthy' : message.code} ${message.attempt}`;
    });
  const until = async (what: string): Promise<void> => {
    for (let turns = 0; said().at(-1) !== what; turns++) {
      assert.ok(turns < 5_000, `it never came to ${what}, but ${said().join(', ')}`);
      await nextTurn();
    }
  };
  return { book, fleetBook, installing, end, here, order, said, until, missing };
}

test('what is whole is handed to the installer, once for each attempt, and its outcome is told', async (t) => {
  const installer = new PlayedInstaller();
  const { here, order, said, until, book } = lifeOf(t, temporary(t), installer);
  const bundle = bundleOf('2.0');
  here(bundle);
  installer.end = { kind: 'failed', code: 'rolled-back', detail: 'no network' };
  await order(bundle.id);
  await until('rolled-back 1');
  assert.equal(book.install(bundle.id)?.state, 'rolled-back');
  await order(bundle.id);
  assert.deepEqual(said(), ['installing', 'rolled-back 1', 'rolled-back 1'], 'asked again, it says it again');
  installer.end = { kind: 'healthy' };
  await order(bundle.id, 2);
  await until('healthy 2');
  await order(bundle.id, 3);
  await until('healthy 3');
  assert.deepEqual(installer.asked, Array(2).fill(`/at/${bundle.id.slice(0, 4)} 2.0`));
});

test('a word that comes again while it is at it begins nothing', async (t) => {
  const installer = new PlayedInstaller();
  installer.end = undefined;
  const { here, order, said, until } = lifeOf(t, temporary(t), installer);
  const bundle = bundleOf('2.0');
  here(bundle);
  await order(bundle.id);
  await order(bundle.id);
  await order(bundle.id, 2);
  assert.deepEqual(said(), ['installing', 'installing', 'installing']);
  installer.end = { kind: 'healthy' };
  await until('healthy 2');
  assert.equal(installer.asked.length, 1);
});

test('after the restart that it causes, it asks what became of it', async (t) => {
  const folder = temporary(t);
  const installer = new PlayedInstaller();
  installer.end = undefined;
  const first = lifeOf(t, folder, installer);
  const bundle = bundleOf('2.0');
  first.here(bundle);
  await first.order(bundle.id);
  while (installer.asked.length === 0) await nextTurn();
  await first.end();
  const second = lifeOf(t, folder, installer);
  second.installing.resume();
  for (let i = 0; i < 20; i++) await nextTurn();
  assert.equal(second.said().at(-1), 'installing', 'it is not known yet');
  installer.became = { kind: 'healthy' };
  await second.until('healthy 1');
  assert.equal(installer.asked.length, 1);
});

test('an intent that had not begun begins after the restart', async (t) => {
  const folder = temporary(t);
  const installer = new PlayedInstaller();
  const first = lifeOf(t, folder, installer);
  const bundle = bundleOf('2.0');
  first.here(bundle);
  const { effect } = await first.installing.ordered({ id: bundle.id, attempt: 1 });
  first.book.settle(undefined, (say) => effect?.(say));
  await first.end();
  const second = lifeOf(t, folder, installer);
  second.installing.resume();
  await second.until('healthy 1');
  assert.equal(installer.asked.length, 1);
});

test('nothing is installed that is not here whole, not firmware, for another device, not newer, or changed', async (t) => {
  const installer = new PlayedInstaller();
  const { here, order, until, installing, missing, book } = lifeOf(t, temporary(t), installer);
  await order('ab'.repeat(32));
  await until('not-here 1');
  const bundle = bundleOf('2.0');
  book.settle(undefined, () => book.take(bundle.id, bundle.manifest, bundle.signed, bundle.seedBytes));
  await order(bundle.id);
  await until('not-here 1');
  const code = async (version: string, over: Partial<Firmware> = {}) =>
    (await installing.unfit({ compatible: 'pc', version, ...over }))?.code;
  assert.equal(await code('2.0', { compatible: 'box' }), 'other-device');
  assert.equal(await code('1.0'), 'not-newer');
  assert.equal(await code('0.9', { allowOlder: true }), undefined);
  installer.version = undefined;
  assert.equal(await code('0.9'), undefined, 'nobody knows what runs');
  here(bundle);
  missing.add(bundle.id);
  await order(bundle.id);
  await until('changed 1');
  installer.version = '3.0';
  await order(bundle.id, 2);
  await until('not-newer 2');
  installer.version = '2.0';
  await order(bundle.id, 3);
  await until('healthy 3');
  assert.equal(installer.asked.length, 0);
  const none = lifeOf(t, temporary(t), undefined);
  assert.equal((await none.installing.unfit({ compatible: 'pc', version: '9' }))?.code, 'no-installer');
});

test('an installer that breaks is a failure, and a book that takes nothing for a while loses no outcome', async (t) => {
  const installer = new PlayedInstaller();
  const { here, order, until, fleetBook } = lifeOf(t, temporary(t), installer);
  const bundle = bundleOf('2.0');
  here(bundle);
  installer.end = new Error('made up');
  await order(bundle.id);
  await until('installer 1');
  installer.end = undefined;
  await order(bundle.id, 2);
  while (installer.asked.length < 2) await nextTurn();
  const { setFact } = fleetBook;
  let troubles = 3;
  fleetBook.setFact = (...said) => {
    if (troubles-- > 0) throw new Error('made up: the disk is full');
    setFact.apply(fleetBook, said);
  };
  installer.end = { kind: 'healthy' };
  await until('healthy 2');
  assert.equal(troubles, -1);
});
