/**
 * The box's settings for whoever stands at it, whether or not the daemon runs. One that runs is asked, as it knows more than the files say.
 * Ends with 0: done; 1: not, and says why; 3: the settings are of no use, and were put aside.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { text as textOf } from 'node:stream/consumers';
import { realClock } from '#base/clock.ts';
import { errorCode, errorText } from '#base/errors.ts';
import { stderrLog } from '#base/log.ts';
import * as files from '#settings/without-daemon.ts';
import packageJson from '../package.json' with { type: 'json' };
import { PERSONAL } from './personal-files.ts';

const USAGE = `usage: node src/without-daemon.ts backup CONFIG DATA TO
       node src/without-daemon.ts newest FOLDER
       node src/without-daemon.ts restore CONFIG DATA BACKUP
       node src/without-daemon.ts plan CONFIG DATA keep|wipe
       node src/without-daemon.ts reset CONFIG DATA keep|wipe
       node src/without-daemon.ts to-go CONFIG TO
       node src/without-daemon.ts ports CONFIG LAN WAN`;

const LIMIT_MS = 60_000;
/** What a dead daemon's socket says, or one that never was. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'EACCES']);

/** Through the control socket, which needs no password of root. Undefined: no daemon is there. Rejects with what it says when it refuses. */
async function ask(dataDir: string, path: string, body: object): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const socketPath = join(dataDir, 'control.sock');
  const asked = request({ socketPath, path, method: 'POST', headers, timeout: LIMIT_MS }, (answer) => {
    textOf(answer)
      .then((said) => {
        if (answer.statusCode === 200) return resolve(said);
        const why = JSON.parse(said) as { text?: unknown };
        return reject(new Error(String(why.text ?? said)));
      })
      .catch(reject);
  });
  asked.on('timeout', () => asked.destroy(new Error('the daemon does not answer')));
  asked.on('error', reject);
  asked.end(JSON.stringify(body));
  try {
    return await promise;
  } catch (error) {
    if (NOBODY.has(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function backup(config: string, dataDir: string, to: string): Promise<void> {
  const asked = await ask(dataDir, '/api/backup', {}).catch((error: unknown) => {
    console.log(`The daemon was asked, and: ${errorText(error)}. The backup is of its files.`);
    return undefined;
  });
  await writeFile(to, asked ?? (await files.backupOf(config, realClock.nowMs(), packageJson.version)));
}

async function newest(folder: string): Promise<void> {
  const { newest: found, damaged } = await files.newestBackup(folder);
  for (const name of damaged) console.log(`damaged ${name}`);
  if (found) console.log(`newest ${new Date(found.madeAtMs).toISOString().slice(0, 16)}Z ${found.box} ${found.path}`);
}

async function restore(config: string, dataDir: string, from: string): Promise<void> {
  const text = await readFile(from, 'utf8');
  const said = await ask(dataDir, '/api/backup/restore', { backup: text });
  if (said !== undefined) {
    const { unconfirmed, ordersRestored } = JSON.parse(said) as {
      unconfirmed?: { token: string };
      ordersRestored: number;
    };
    if (unconfirmed) await ask(dataDir, '/api/settings/confirm', { token: unconfirmed.token });
    console.log(`Restored. ${ordersRestored} torrents came on the list of what is to be fetched.`);
    return;
  }
  const unusable = await files.whyUnusable(config);
  if (unusable !== undefined) {
    const aside = await files.putAside(config, realClock.nowMs());
    console.log(`The settings of this box cannot be used (${unusable}); they are kept as ${aside}.`);
    exit(3);
  }
  const taken = await files.takeIn(config, text, realClock, stderrLog());
  if (taken.kind === 'refused') throw new Error(taken.text);
  console.log('Restored.');
  if (taken.isLocked)
    console.log('The accounts in it are encrypted: restore it on the page, with its passphrase, to have them back.');
  if (taken.left > 0)
    console.log(`${taken.left} torrents that it would have fetched come back when it is restored on the page.`);
}

async function reset(config: string, dataDir: string, cache: 'keep' | 'wipe'): Promise<void> {
  const aside = await files.orderFromOutside(config, { cache, dataDir, atMs: realClock.nowMs(), forget: PERSONAL });
  if (aside !== undefined) console.log(`The settings could not be used; they are kept as ${aside}.`);
}

async function ports(config: string, lan: string, wan: string): Promise<void> {
  const done = await files.followPorts(config, { lan, wan }, realClock, stderrLog());
  if (done.kind === 'refused') throw new Error(done.text);
}

async function plan(config: string, dataDir: string, cache: 'keep' | 'wipe'): Promise<void> {
  const { away, unusable } = await files.planReset(config, { cache, dataDir });
  if (unusable !== undefined)
    console.log(`The settings cannot be used (${unusable}): they are put aside under another name.`);
  if (cache === 'wipe' && away.length > 0) console.log(`Not here, so it will not be wiped: ${away.join(', ')}.`);
}

async function main(words: readonly string[]): Promise<void> {
  const [verb, a, b, c, ...more] = words;
  const isCache = (word: string | undefined): word is 'keep' | 'wipe' => word === 'keep' || word === 'wipe';
  if (verb === 'newest' && a && !b) return newest(a);
  if (verb === 'to-go' && a && b && !c) return writeFile(b, await files.settingsToGo(a), { mode: 0o640 });
  if (a && b && c && more.length === 0) {
    if (verb === 'backup') return backup(a, b, c);
    if (verb === 'ports') return ports(a, b, c);
    if (verb === 'restore') return restore(a, b, c);
    if (verb === 'plan' && isCache(c)) return plan(a, b, c);
    if (verb === 'reset' && isCache(c)) return reset(a, b, c);
  }
  console.error(USAGE);
  exit(2);
}

try {
  await main(argv.slice(2));
} catch (error) {
  console.log(errorText(error));
  exit(1);
}
