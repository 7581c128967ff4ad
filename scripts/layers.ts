// The layer table of the house, and the only place it is written down for the linter.
// `node scripts/layers.ts` writes biome.json; `node scripts/layers.ts --check` fails when biome.json is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, exit } from 'node:process';

/** Folder under src/ -> folders it may import (downward only). A folder not named here may import nothing. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  trace: ['base'],
  kernel: ['base'],
  wire: ['base'],
  index: ['base'],
  store: ['base', 'kernel'],
  client: ['base', 'wire'],
  downloader: ['base', 'wire'],
  task: ['base', 'wire', 'store', 'client', 'downloader'],
  manager: ['base', 'wire', 'index', 'task'],
  prefill: ['base', 'wire'],
  'what-if': ['base', 'index', 'trace', 'task', 'manager'],
  entry: ['base', 'kernel', 'wire'],
  fleet: ['base', 'wire', 'index', 'manager'],
  health: ['base', 'kernel'],
  update: ['base', 'kernel', 'health'],
  access: ['base'],
  settings: ['base'],
  stats: ['base', 'index'],
  machine: ['base', 'kernel', 'health'],
  hands: ['base', 'kernel', 'machine'],
  syslog: ['base'],
  admin: ['base', 'index', 'manager', 'what-if', 'fleet', 'health', 'update', 'access', 'settings', 'stats', 'machine'],
  sim: ['base', 'wire', 'index', 'store', 'client', 'downloader', 'task', 'manager', 'entry'],
};

/** Outside package (or Node module) -> the one folder it lives in. */
const livesIn: Record<string, string> = {
  'better-sqlite3': 'index',
  'bittorrent-protocol': 'wire',
  'raw-socket': 'kernel',
  'node:ffi': 'kernel',
  'node:child_process': 'kernel',
  amqplib: 'fleet',
  systeminformation: 'health',
  ws: 'admin',
};

/** The daemon's API in types, and the check that both sides make of what is sent. */
const WEB_MAY =
  'web/ may import #admin/contract*.ts (types only), #base/schema-check.ts, #base/schema-formats.ts and #settings/setting-conflicts.ts';

const folders = Object.keys(mayImport);

type Rule = { group: string[]; message: string };
const rulesOf = (folder: string): Rule[] => {
  const foreign = folders.filter((f) => f !== folder && !mayImport[folder]?.includes(f));
  const rules: Rule[] = foreign.map((f) => ({
    group: [`#${f}/**`, `**/../${f}/**`],
    message: `src/${folder} may not import src/${f}: declare an interface here and let main.ts fill it`,
  }));
  rules.push({ group: ['#main.ts', '#hands.ts', '#sim/**'], message: 'nobody imports main.ts, hands.ts or sim/' });
  return rules;
};

const restrict = (patterns: Rule[], packages: [string, string][]) => ({
  linter: {
    rules: {
      style: {
        noRestrictedImports: {
          level: 'error',
          options: {
            paths: Object.fromEntries(packages.map(([name, home]) => [name, `${name} lives in src/${home} alone`])),
            patterns,
          },
        },
      },
    },
  },
});

// A test may reach for what its neighbours need (a real process, a whole house): the table binds the shipped code.
const notTests = ['!**/*.test.ts', '!**/*.e2e.ts', '!**/fixtures.ts'];
const overrides: unknown[] = folders.map((folder) => ({
  includes: [`src/${folder}/**`, ...notTests],
  ...restrict(
    rulesOf(folder),
    Object.entries(livesIn).filter(([, home]) => home !== folder),
  ),
}));
overrides.push({
  // The made-up box runs in Node, beside the page and never in it.
  includes: ['web/**/*.ts', 'web/**/*.tsx', '!**/*.test.ts', '!web/vite.config.ts', '!web/mock/**'],
  ...restrict(
    [
      ...folders
        .filter((f) => !['admin', 'base', 'settings'].includes(f))
        .map((f) => ({ group: [`#${f}/**`], message: WEB_MAY })),
      { group: ['#admin/**', '!#admin/contract*.ts'], message: WEB_MAY },
      { group: ['#settings/**', '!#settings/setting-conflicts.ts'], message: WEB_MAY },
      { group: ['#base/**', '!#base/schema-check.ts', '!#base/schema-formats.ts'], message: WEB_MAY },
      { group: ['node:*'], message: 'web/ runs in a browser' },
    ],
    Object.entries(livesIn),
  ),
});

const config = {
  vcs: { enabled: true, clientKind: 'git', useIgnoreFile: true },
  files: {
    includes: [
      '**',
      '!package-lock.json',
      '!**/*.md',
      '!web/dist',
      '!src/admin/contract-schema.json',
      '!src/fleet/*-schema.json',
    ],
  },
  formatter: { indentStyle: 'space', indentWidth: 2, lineWidth: 120 },
  javascript: { formatter: { quoteStyle: 'single' } },
  linter: {
    rules: {
      preset: 'recommended',
      correctness: { noUnusedImports: 'error', noUnusedVariables: 'error' },
      suspicious: { noImportCycles: 'error', noExplicitAny: 'error' },
      style: { noNonNullAssertion: 'off', useImportType: 'error', noDefaultExport: 'off' },
    },
  },
  overrides,
};

const text = `${JSON.stringify(config, null, 2)}\n`;
if (argv.includes('--check')) {
  const now = JSON.stringify(JSON.parse(readFileSync('biome.json', 'utf8')));
  if (now !== JSON.stringify(config)) {
    console.error('biome.json does not match scripts/layers.ts: run `node scripts/layers.ts`');
    exit(1);
  }
} else writeFileSync('biome.json', text); // then: biome format --write biome.json
