/** The daemon as a user of its own with the three capabilities that the image gives it, and nothing else of root: it serves as it does as root. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { PROJECT_ROOT } from '../scripts/cafe/world.ts';
import { inCafe, logged, options, snapshot, wanDuring } from './box-fixtures.ts';

/** Nobody's here. */
const UID = 59_970;
const CAPABILITIES = ['net_admin', 'net_raw', 'net_bind_service'];
/** Their numbers (linux/capability.h): 10, 12, 13. */
const CAP_BITS = (1n << 10n) | (1n << 12n) | (1n << 13n);
const SET = ['-all', ...CAPABILITIES.map((name) => `+${name}`)].join(',');
/** As systemd does it for User=, AmbientCapabilities=, CapabilityBoundingSet= and NoNewPrivileges=. */
const AS_USER = [
  'setpriv',
  `--reuid=${UID}`,
  `--regid=${UID}`,
  '--clear-groups',
  `--bounding-set=${SET}`,
  `--inh-caps=${SET}`,
  `--ambient-caps=${SET}`,
  '--no-new-privs',
];
/** What a root before it left there belongs to it, as at the start of an image. */
const UNDER = ['sh', '-ec', `chown -R ${UID}:${UID} .; exec ${AS_USER.join(' ')} -- "$@"`, 'sh'];

/** Why another user cannot run this project where it lies; false: he can. */
function unreadable(): string | false {
  try {
    const plain = [`--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', execPath, '-e', ''];
    execFileSync('setpriv', plain, { cwd: PROJECT_ROOT, stdio: 'pipe' });
    execFileSync('setpriv', [`--reuid=${UID}`, '--clear-groups', 'cat', `${PROJECT_ROOT}/src/main.ts`], {
      stdio: 'pipe',
    });
    return false;
  } catch {
    return 'another user may not read the project where it lies';
  }
}

test(
  'a daemon that is no root serves a client from what another one fetched, and everything starts',
  {
    ...options,
    skip: options.skip || unreadable(),
  },
  () =>
    inCafe(
      'ownuser',
      {
        sizeMib: 8,
        wanMbit: 100,
        clients: ['aria2', 'libtorrent'],
        seeders: ['libtorrent'],
        extras: { isolatePcs: true, daemonUnder: UNDER },
      },
      async (cafe) => {
        const { totalBytes } = cafe.payload;
        await cafe.daemon.start({ admin: { host: '192.168.77.2', port: 443 } });
        const status = await readFile(`/proc/${cafe.daemon.pid}/status`, 'utf8');
        const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
        assert.deepEqual(field('Uid').split(/\s+/), Array(4).fill(String(UID)));
        for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb'])
          assert.equal(BigInt(`0x${field(set)}`), CAP_BITS, set);
        assert.equal(field('NoNewPrivs'), '1');

        const first = await cafe.download(1, 'aria2');
        await first.complete(120);
        assert.deepEqual(await first.wrongFiles(), []);
        const wan = await wanDuring(cafe, async () => {
          const second = await cafe.download(2, 'libtorrent');
          await second.complete(120);
          assert.deepEqual(await second.wrongFiles(), []);
        });
        const { totals, steering } = await snapshot(cafe);
        assert.equal(steering.state, 'armed');
        assert.ok(wan < totalBytes / 4, `${wan} bytes of ${totalBytes} came over the line again`);
        assert.ok(totals.servedBytes >= 1.5 * totalBytes, `${totals.servedBytes} were served`);
        const page = await cafe.topology.box.run(['ss', '-Hltn', 'sport = :443']);
        assert.match(page, /192\.168\.77\.2:443/, 'the page is at a port below 1024');
        const errors = (await readFile(cafe.daemon.logPath, 'utf8'))
          .split('\n')
          .filter((line) => /"level":"error"|EPERM|EACCES/.test(line));
        assert.deepEqual(errors, []);
        assert.equal((await logged(cafe, 'ready')).length, 1);
        assert.equal((await cafe.daemon.stop())?.code, 0);
      },
    ),
);
