/** An update over the page: what is refused, what is cut short, and what comes about. One disk; the tests follow each other. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '#admin/contract-common.ts';
import type { UpdateView } from '#admin/contract-machine.ts';
import type { TaskPage } from '#admin/contract-tasks.ts';
import { builtImage } from './bare-machine.ts';
import { bundleOf, spoil } from './bundles.ts';
import { say } from './figures.ts';
import { BUILT, Lab } from './lab.ts';

const SETTLED = join(BUILT, 'test/settled.img');
const UPDATED = join(BUILT, 'test/updated.img');
/** Served to the box by a web server in the internet. */
const WEB = 'http://198.51.100.20:8080';
const image = existsSync(SETTLED) ? SETTLED : builtImage();
const skip = process.getuid?.() !== 0 ? 'needs root' : !image && 'no image: make image builds it';

describe('an update', { skip, timeout: 10_800_000 }, () => {
  let lab: Lab;
  let token = '';
  const version = '0.1.1';

  /** As the page asks, from PC 1. Rejects with what the box says. */
  const api = async (method: string, path: string, body?: object): Promise<unknown> => {
    const words = ['-X', method, '-H', `authorization: Bearer ${token}`];
    if (body) words.push('-H', 'content-type: application/json', '--data', JSON.stringify(body));
    const { text } = await lab.curl(...words, `https://${await lab.address()}${path}`);
    const said = JSON.parse(text) as Partial<Problem>;
    if (said.why !== undefined && said.text !== undefined) throw new Error(said.text);
    return said;
  };
  const view = async (): Promise<UpdateView> => (await api('GET', '/api/update')) as UpdateView;
  const idle = async (): Promise<UpdateView> => {
    for (;;) {
      const now = await view();
      if (!['receiving', 'checking', 'installing'].includes(now.progress?.step ?? '')) return now;
      await sleep(1_000);
    }
  };
  /** As the page does it, from PC 1. What the box says. */
  const upload = async (path: string): Promise<string> => {
    const words = ['-H', `authorization: Bearer ${token}`, '-H', 'content-type: application/octet-stream'];
    const url = `https://${await lab.address()}/api/update/bundle`;
    const { text } = await lab.curl('-X', 'POST', ...words, '--data-binary', `@${path}`, url);
    await idle();
    return text;
  };
  const install = async (body: object = {}): Promise<UpdateView> => {
    await api('POST', '/api/update/install', body);
    return idle();
  };
  /** Restarts over the API, and waits for the machine to end. */
  const restart = async (): Promise<void> => {
    await api('POST', '/api/restart', { what: 'machine' }).catch(() => {});
    await lab.off();
  };

  before(async () => {
    lab = await Lab.open(`sbi-${process.pid}-`, image || '');
    lab.cafe.spawn(lab.cafe.topology.inet, [
      'python3',
      ...['-m', 'http.server', '8080', '--bind', '198.51.100.20', '--directory', join(BUILT, 'test')],
    ]);
    await bundleOf({ version });
    await lab.startGood();
    if (image !== SETTLED) await lab.ask('POST', '/api/set-up', { name: 'operator', password: 'a box of my own' });
    const made = (await lab.ask('POST', '/api/tokens', { name: 'tests', right: 'administer' })) as { token: string };
    token = made.token;
    // Something to be kept.
    const kept = await lab.cafe.download(1, 'aria2');
    await kept.complete(600);
    assert.deepEqual(await kept.wrongFiles(), []);
  });
  after(() => lab?.[Symbol.asyncDispose]());

  const refused: Readonly<Record<string, { make(): Promise<string>; says: RegExp }>> = {
    'whose signature is damaged': {
      make: async () => {
        const path = await bundleOf({ version: '9.0.1', isSmall: true });
        await spoil(path, -600, 64);
        return path;
      },
      says: /signature|CMS|verif/i,
    },
    'of another signer': {
      make: () => bundleOf({ version: '9.0.2', isSmall: true, byOtherSigner: true }),
      says: /signature|certificate|verif/i,
    },
    'for another device': {
      make: () => bundleOf({ version: '9.0.3', isSmall: true, compatible: 'kettle' }),
      says: /another device \(kettle\)/,
    },
    'that is cut short': {
      make: async () => {
        const path = await bundleOf({ version: '9.0.4', isSmall: true });
        const short = join(path, '../short.raucb');
        await copyFile(path, short);
        await truncate(short, 900_000);
        return short;
      },
      says: /./,
    },
    'that is no bundle': { make: async () => join(import.meta.dirname, 'vm.ts'), says: /./ },
  };
  for (const [what, { make, says }] of Object.entries(refused))
    test(`refuses a bundle ${what}`, async () => {
      const said = JSON.parse(await upload(await make())) as Partial<Problem>;
      say(`refused: a bundle ${what}`, { says: said.text ?? JSON.stringify(said).slice(0, 200) });
      assert.match(said.text ?? '', says);
      const { bundle, slots } = await view();
      assert.equal(bundle, undefined);
      assert.equal(slots.find(({ name }) => name === 'A')?.state, 'running');
    });

  test('does not start a system whose bytes were changed under a good signature', async () => {
    const path = await bundleOf({ version: '9.0.5', isSmall: true });
    await spoil(path, 8_192, 64);
    await upload(path);
    const { progress, slots } = await install();
    say('changed bytes', { says: progress?.why });
    assert.equal(progress?.step, 'failed');
    assert.match(progress.why ?? '', /verity|mount|read/i);
    assert.notEqual(slots.find(({ name }) => name === 'B')?.state, 'good');
    const booted = await lab.vm.text('grub-editenv /efi/EFI/BOOT/grubenv list');
    assert.match(booted, /B_OK=0/);
    assert.match(booted, /A_OK=1/);
  });

  test('takes a good one from who sits in the LAN, starts it, and says that it is good', async () => {
    const fromMs = performance.now();
    const said = JSON.parse(await upload(join(BUILT, `test/${version}.raucb`))) as UpdateView;
    const uploadS = (performance.now() - fromMs) / 1_000;
    assert.equal(said.bundle?.version, version, JSON.stringify(said));
    const shares: number[] = [];
    await api('POST', '/api/update/install', {});
    const installFromMs = performance.now();
    for (;;) {
      const { progress } = await view();
      if (progress?.step !== 'installing') break;
      if (progress.share !== shares.at(-1)) shares.push(progress.share);
      await sleep(500);
    }
    const installS = (performance.now() - installFromMs) / 1_000;
    const installed = await view();
    assert.equal(installed.progress?.step, 'installed', String(installed.progress?.why));
    assert.equal(installed.needsReboot, true);
    assert.ok(shares.length > 1 && shares.every((share, i) => i === 0 || share >= (shares[i - 1] ?? 0)), `${shares}`);
    await restart();
    const { ORDER, B_OK, B_TRY } = await lab.grubenv();
    assert.deepEqual({ ORDER, B_OK, B_TRY }, { ORDER: 'B A', B_OK: '1', B_TRY: '0' });
    const vm = await lab.startGood();
    say('update', { uploadS, installS, steps: shares.length, goodS: vm.ageS, processorS: await vm.cpuS() });
    const { version: now, slots } = await view();
    assert.equal(now, version);
    assert.deepEqual(slots.map(({ name, state }) => `${name} ${state}`).sort(), ['A good', 'B running']);
  });

  test('accounts, settings and what was fetched are still there', async () => {
    const { tokens } = (await api('GET', '/api/tokens')) as { tokens: { name: string }[] };
    assert.ok(tokens.some(({ name }) => name === 'tests'));
    const { rows } = (await api('GET', '/api/tasks')) as TaskPage;
    assert.ok(
      rows.some(({ haveBytes, totalBytes }) => haveBytes === totalBytes && totalBytes > 1e6),
      JSON.stringify(rows),
    );
    await lab.cafe.killSeeders();
    const again = await lab.cafe.download(2, 'libtorrent');
    await again.complete(600);
    assert.deepEqual(await again.wrongFiles(), []);
  });

  test('an older one is installed only when that is asked for', async () => {
    const path = await bundleOf({ version: '0.0.9', isSmall: true });
    await upload(path);
    assert.equal((await view()).bundle?.isOlder, true);
    await assert.rejects(api('POST', '/api/update/install', {}), /older/);
    await api('POST', '/api/update/discard');
  });

  test('a power cut in the middle of the next one leaves the system that runs', async () => {
    await api('POST', '/api/update/url', { url: `${WEB}/${version}.raucb` });
    const { bundle } = await idle();
    assert.equal(bundle?.version, version, 'it came from a web server');
    await api('POST', '/api/update/install', {});
    for (;;) {
      const { progress } = await view();
      if (progress?.step === 'installing' && progress.share >= 0.5) break;
      assert.equal(progress?.step, 'installing');
      await sleep(200);
    }
    await lab.vm.cut();
    const { A_OK, B_OK } = await lab.grubenv();
    assert.deepEqual({ A_OK, B_OK }, { A_OK: '0', B_OK: '1' });
    await lab.startGood();
    assert.equal((await view()).version, version);
  });

  test('its disk is kept for other trials', async () => {
    await lab.powerOff();
    await lab.keep(UPDATED);
  });
});
