import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { type AddressProblem, type AddressSettings, addressProblems } from './address-settings.ts';
import { jsonIn, removeKept, textIn, writeKept } from './kept-file.ts';
import { MACHINE_LIMITS } from './limits.ts';
import { deviceOf, filesFor, type NetworkFiles, OWN_FILES, settingsIn } from './networkd-files.ts';
import type { Run } from './programs.ts';

export type AddressView = {
  readonly canChange: boolean;
  readonly settings: AddressSettings;
  readonly addresses: readonly string[];
  readonly hostName: string;
  readonly unconfirmed?: { readonly token: string; readonly untilMs: number; readonly addresses: readonly string[] };
};
export type AddressChanged =
  | { readonly kind: 'done' }
  | { readonly kind: 'invalid'; readonly fields: readonly AddressProblem[] }
  | { readonly kind: 'not-available' | 'conflict' | 'stale' | 'failed'; readonly text: string };

export type OwnAddressWorld = {
  readonly bridge: string;
  readonly run: Run;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly log: Log;
  /** Where a change that waits for its confirmation is noted. */
  readonly pendingFile: string;
  /** `/etc/systemd/network` */
  readonly networkDir: string;
  /** `/run/systemd/netif/links`: a file for each device that networkd knows, by its number. */
  readonly linksDir: string;
  /** `/sys/class/net` */
  readonly net: string;
  readonly hasSystemd: boolean;
  /** Addresses of a device, with their lengths. */
  addressesOf(device: string): readonly string[];
};

export const addressesNow = (device: string): string[] =>
  (networkInterfaces()[device] ?? []).flatMap(({ cidr }) => cidr ?? []);

/** A change that was made and may yet be taken back. `before`: the files as they were; null: there was none. */
type Pending = {
  readonly token: string;
  readonly untilMs: number;
  readonly before: Readonly<Record<string, string | null>>;
};

/**
 * The address of the box itself, where systemd-networkd manages the bridge.
 * Invariant: a change is noted, durably, before it is made; one that nobody confirmed in time is taken back, also when the daemon or
 * the machine ended meanwhile: then at the next start. What cannot be taken back is tried again.
 */
export class OwnAddress {
  readonly #world: OwnAddressWorld;
  #pending: Pending | undefined;
  #waiting: AbortController | undefined;
  #isBusy = false;

  constructor(world: OwnAddressWorld) {
    this.#world = world;
  }

  /** Takes back what was waiting when the daemon ended. */
  async start(): Promise<void> {
    const said = pendingOf(await jsonIn(this.#world.pendingFile));
    if (!said) return;
    this.#pending = said;
    this.#world.log.warn('address-reverted', { why: 'nobody had confirmed it when the box was started again' });
    await this.#takeBack();
    this.#wait(said, MACHINE_LIMITS.takeBackAgainMs);
  }

  async view(): Promise<AddressView> {
    const { bridge, addressesOf } = this.#world;
    const settings = settingsIn(await textIn(join(this.#world.networkDir, OWN_FILES[0])));
    const device = deviceOf(bridge, settings ?? { kind: 'none' });
    const addresses = addressesOf(device);
    const pending = this.#pending;
    return {
      canChange: await this.#canChange(settings !== undefined),
      settings: settings ?? shownAs(addresses),
      addresses,
      hostName: hostname(),
      ...(pending && {
        unconfirmed: { token: pending.token, untilMs: pending.untilMs, addresses: expected(settings, addresses) },
      }),
    };
  }

  /** Applied at once, and taken back by itself unless it is confirmed. */
  change(settings: AddressSettings): Promise<AddressChanged> {
    return this.#alone(async () => {
      const fields = addressProblems(settings);
      if (fields.length > 0) return { kind: 'invalid', fields };
      if (this.#pending) return { kind: 'conflict', text: 'Another change waits to be confirmed.' };
      const now = settingsIn(await textIn(join(this.#world.networkDir, OWN_FILES[0])));
      if (!(await this.#canChange(now !== undefined)))
        return { kind: 'not-available', text: 'Something else than the box manages its address.' };
      const device = deviceOf(this.#world.bridge, settings);
      if (device.length > 15) return { kind: 'not-available', text: 'The name of the bridge is too long for a VLAN.' };
      return this.#apply(settings);
    });
  }

  async #apply(settings: AddressSettings): Promise<AddressChanged> {
    const { bridge, clock, pendingFile, log } = this.#world;
    const before = await this.#files();
    const pending: Pending = {
      token: randomBytes(16).toString('hex'),
      untilMs: clock.nowMs() + MACHINE_LIMITS.confirmMs,
      before,
    };
    await writeKept(pendingFile, `${JSON.stringify(pending)}\n`);
    this.#pending = pending;
    try {
      await this.#write(filesFor(bridge, settings));
    } catch (error) {
      await this.#takeBack();
      // What could not be put back is at the next start: nobody is asked to confirm what was refused.
      this.#forget();
      return { kind: 'failed', text: errorText(error) };
    }
    this.#wait(pending, MACHINE_LIMITS.confirmMs);
    log.info('address-changed', { kind: settings.kind });
    return { kind: 'done' };
  }

  confirm(token: string): Promise<AddressChanged> {
    return this.#alone(async () => {
      if (this.#pending?.token !== token) return { kind: 'stale', text: 'No such change waits to be confirmed.' };
      await removeKept(this.#world.pendingFile);
      this.#forget();
      this.#world.log.info('address-confirmed');
      return { kind: 'done' };
    });
  }

  revert(): Promise<AddressChanged> {
    return this.#alone(async () => {
      if (!this.#pending) return { kind: 'stale', text: 'No change waits to be confirmed.' };
      const trouble = await this.#takeBack();
      if (trouble !== undefined) return { kind: 'failed', text: trouble };
      this.#world.log.info('address-reverted');
      return { kind: 'done' };
    });
  }

  /** Takes it back after so long, and tries again for as long as it does not succeed. When the box stops, the next start does it. */
  #wait(pending: Pending, firstMs: number): void {
    if (this.#pending !== pending) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#world.scope.run(async (signal) => {
      const either = AbortSignal.any([signal, waiting.signal]);
      for (let ms = firstMs; this.#pending === pending; ms = MACHINE_LIMITS.takeBackAgainMs) {
        await this.#world.clock.sleep(ms, either).catch(() => {});
        if (either.aborted || this.#pending !== pending) return;
        if (ms === MACHINE_LIMITS.confirmMs)
          this.#world.log.warn('address-reverted', { why: 'nobody confirmed it in time' });
        await this.#alone(async () => {
          if (this.#pending === pending) await this.#takeBack();
          return { kind: 'done' };
        });
      }
    });
  }

  /** Undefined: what was before holds again; else why not. Then it goes on waiting. */
  async #takeBack(): Promise<string | undefined> {
    const pending = this.#pending;
    if (!pending) return undefined;
    try {
      await this.#write(
        Object.fromEntries(Object.entries(pending.before).flatMap(([n, t]) => (t === null ? [] : [[n, t]]))),
      );
      await removeKept(this.#world.pendingFile);
    } catch (error) {
      this.#world.log.error('address-not-reverted', { why: errorText(error), next: 'it is tried again' });
      return errorText(error);
    }
    this.#forget();
    return undefined;
  }

  #forget(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#pending = undefined;
  }

  async #files(): Promise<Record<string, string | null>> {
    const { networkDir } = this.#world;
    const texts = await Promise.all(OWN_FILES.map((name) => textIn(join(networkDir, name))));
    return Object.fromEntries(OWN_FILES.map((name, i) => [name, texts[i] ?? null]));
  }

  /** Our files are these from now on, and networkd reads them. Rejects with what is in the way. */
  async #write(files: NetworkFiles): Promise<void> {
    const { bridge, networkDir, net, run } = this.#world;
    const were = settingsIn(await textIn(join(networkDir, OWN_FILES[0])));
    for (const name of OWN_FILES) {
      const text = files[name];
      // networkd reads its files as a user of its own.
      if (text === undefined) await removeKept(join(networkDir, name));
      else await writeKept(join(networkDir, name), text, 0o644);
    }
    for (const args of [['reload'], ['reconfigure', bridge]]) {
      const ran = await run('networkctl', args);
      if (!ran.ok) throw new Error(ran.why);
    }
    const are = settingsIn(files[OWN_FILES[0]]);
    const device = deviceOf(bridge, were ?? { kind: 'none' });
    if (device === bridge || device === deviceOf(bridge, are ?? { kind: 'none' })) return;
    // networkd forgets a VLAN whose file has gone, and leaves its device. One that is served was made by the bridge's own script.
    const alias = await readFile(join(net, device, 'ifalias'), 'latin1').catch(() => '');
    if (alias.trim() !== 'swarmbox') await run('networkctl', ['delete', device]);
  }

  /** networkd runs, and nobody else has given the bridge an address. */
  async #canChange(isOurs: boolean): Promise<boolean> {
    const { hasSystemd, linksDir, net, bridge, addressesOf } = this.#world;
    if (!hasSystemd) return false;
    const known: string[] = await readdir(linksDir).catch(() => []);
    if (known.length === 0) return false;
    const index = (await readFile(join(net, bridge, 'ifindex'), 'latin1').catch(() => '')).trim();
    const link = known.includes(index) ? ((await textIn(join(linksDir, index))) ?? '') : '';
    if (isOurs || /^ADMIN_STATE=(configured|configuring|pending|initialized)$/m.test(link)) return true;
    return index !== '' && addressesOf(bridge).every((address) => address.startsWith('fe80:'));
  }

  async #alone(work: () => Promise<AddressChanged>): Promise<AddressChanged> {
    if (this.#isBusy) return { kind: 'conflict', text: 'The address is being changed.' };
    this.#isBusy = true;
    try {
      return await work();
    } catch (error) {
      return { kind: 'failed', text: errorText(error) };
    } finally {
      this.#isBusy = false;
    }
  }
}

/** What is there without a file of ours, as far as it can be seen. */
function shownAs(addresses: readonly string[]): AddressSettings {
  const own = addresses.filter((address) => !address.startsWith('fe80:'));
  return own.length === 0 ? { kind: 'none' } : { kind: 'static', addresses: own, gateways: [], dns: [] };
}

/** Where the page is to be opened if the change was right. */
const expected = (settings: AddressSettings | undefined, now: readonly string[]): string[] =>
  (settings?.kind === 'static' ? settings.addresses : now)
    .map((address) => address.split('/')[0] ?? '')
    .filter((address) => !address.startsWith('fe80:'));

function pendingOf(said: unknown): Pending | undefined {
  const { token, untilMs, before } = (said ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof token !== 'string' || typeof before !== 'object' || before === null) return undefined;
  const texts = OWN_FILES.map((name): [string, string | null] => {
    const text = (before as Readonly<Record<string, unknown>>)[name];
    return [name, typeof text === 'string' ? text : null];
  });
  return { token, untilMs: Number(untilMs) || 0, before: Object.fromEntries(texts) };
}
