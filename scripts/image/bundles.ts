/** Updates of every kind, good and bad, made of the system that `make image` built. Kept beside it: a slot is a minute's work. */

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_ROOT } from '../cafe/world.ts';
import type { SlotImage } from './cut-checks.ts';
import { BUILT } from './lab.ts';

const DIR = join(BUILT, 'test');
const KEYS = process.env.KEYS ?? join(PROJECT_ROOT, 'build/keys');
const OTHER_KEYS = join(DIR, 'other-keys');
const BUILD_LIMIT_MS = 1_200_000;

const run = async (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> => {
  await promisify(execFile)(join(PROJECT_ROOT, program), args, {
    env: { ...process.env, ...env },
    timeout: BUILD_LIMIT_MS,
  });
};

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

export type Files = Readonly<Record<string, string>>;

/** The gate of a system under test gives up sooner: what it waits for has failed by then. */
const SOON: Files = {
  'etc/systemd/system/swarmbox-health.service.d/soon.conf': '[Service]\nEnvironment=HEALTH_S=40\n',
};
/** Laid over the good system. */
export const BROKEN: Readonly<Record<'ends' | 'refuses' | 'panics', Files>> = {
  /** Its daemon ends at once. */
  ends: { ...SOON, 'opt/swarmbox/src/main.js': 'process.exit(3);\n' },
  /** Its daemon is there, and says that it does not steer. */
  refuses: {
    ...SOON,
    'opt/swarmbox/src/main.js': `import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { ServiceManager } from './kernel/service-manager.js';
const path = '/data/swarmbox/control.sock';
rmSync(path, { force: true });
createServer((_, response) => response.writeHead(503).end('{}')).listen(path, () => new ServiceManager().ready());
`,
  },
  /** Its kernel stops. */
  panics: {
    'etc/systemd/system/panic.service': `[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo c >/proc/sysrq-trigger'
`,
    'etc/systemd/system/sysinit.target.d/panic.conf': '[Unit]\nWants=panic.service\n',
  },
};

async function built(): Promise<{ slot: string; rootfs: string }> {
  const names = await readdir(BUILT);
  const slot = names.find((name) => name.endsWith('.slot'));
  const rootfs = names.find((name) => /^rootfs-[0-9a-f]+\.tar$/.test(name));
  if (!slot || !rootfs) throw new Error('there is no image: make image builds it');
  return { slot: join(BUILT, slot), rootfs: join(BUILT, rootfs) };
}

/** What a slot holds in which this system was written; `path`: of the one that the image came with, unless told. */
export async function systemIn(path?: string): Promise<SlotImage> {
  const system = path ?? (await built()).slot;
  return { bytes: (await stat(system)).size, sha256: await sha256(system) };
}

/** A system of this version, with other files in it; its path. */
export async function slotOf(version: string, files: Files = {}): Promise<string> {
  const { slot, rootfs } = await built();
  const key = createHash('sha256')
    .update(await sha256(slot))
    .update(version)
    .update(JSON.stringify(files));
  const path = join(DIR, `${version}-${key.digest('hex').slice(0, 12)}.slot`);
  if (existsSync(path)) return path;
  const extra = join(DIR, 'extra');
  await rm(extra, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(extra, name)), { recursive: true });
    await writeFile(join(extra, name), text);
  }
  await mkdir(extra, { recursive: true });
  const env = { SOURCE_DATE_EPOCH: '1790000000', PUBLIC_KEY: join(KEYS, 'authority.pem'), EXTRA: extra };
  await run('image/slot.sh', [rootfs, version, `${path}.new`], { ...env, SLOT_COMPRESSION: 'gzip' });
  await rename(`${path}.new`, path);
  await rm(extra, { recursive: true, force: true });
  return path;
}

export type BundleKind = {
  readonly version: string;
  readonly files?: Files;
  /** Not a system at all, but quickly made: for what is refused before it is written. */
  readonly isSmall?: boolean;
  readonly compatible?: string;
  readonly byOtherSigner?: boolean;
};

/** A signed update; its path. */
export async function bundleOf({ version, files, isSmall, compatible, byOtherSigner }: BundleKind): Promise<string> {
  await mkdir(DIR, { recursive: true });
  const path = join(DIR, `${version}.raucb`);
  let slot: string;
  if (isSmall) {
    slot = join(DIR, 'small.slot');
    await writeFile(slot, randomBytes(1 << 20)); // what is pressed to less than a page is no bundle to RAUC
  } else slot = await slotOf(version, files);
  const keys = byOtherSigner ? OTHER_KEYS : KEYS;
  if (byOtherSigner) await run('image/keys.sh', [keys]);
  await run('image/bundle.sh', [slot, version, path], {
    KEY: join(keys, 'signer.key'),
    CERTIFICATE: join(keys, 'signer.pem'),
    ...(compatible && { COMPATIBLE: compatible }),
  });
  return path;
}

/** Turns bytes over, in place: `at` counts from the end where it is negative. */
export async function spoil(path: string, at: number, bytes = 16): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const from = at < 0 ? (await file.stat()).size + at : at;
    const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, from);
    await file.write(
      buffer.map((byte) => byte ^ 0xff),
      0,
      bytes,
      from,
    );
  } finally {
    await file.close();
  }
}
