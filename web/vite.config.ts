import { join } from 'node:path';
import { defineConfig } from 'vite';

/** Two pages of one frame, built one after the other into one folder: the box's, and with `--mode central` the central's. Neither loads anything that is only for the other. */
const CENTRAL = 'central';

/**
 * What the overview needs, the words in both languages too: one request, and nothing to wait for after it. Each further one costs an old PC a tenth of
 * a second, and the other language is six kilobytes.
 */
const FIRST = [
  /node_modules\/(?:preact|@preact)\//,
  /web\/src\/(?:main|views)\.tsx?$/,
  /web\/src\/(?:frame|parts|views\/dashboard)\/(?!plot-draw)[^/]*\.tsx?$/,
  /web\/src\/words\/(?:frame|dashboard|warnings|task-reasons|flow-reasons|disk-reasons)-(?:en|zh)\.ts$/,
];

/** The same for the central's page: its lists of nodes and of distributions. */
const FIRST_OF_CENTRAL = [
  /node_modules\/(?:preact|@preact)\//,
  /web\/src\/(?:main-central|views-central)\.tsx?$/,
  /web\/src\/(?:frame|parts|fleet|views\/(?:nodes|distributions))\/(?!plot)[^/]*\.tsx?$/,
  /web\/src\/words\/(?:frame|central-frame|fleet|fleet-reasons)-(?:en|zh)\.ts$/,
];

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // The shells of old PCs: Chromium 87 is what the long-lived Chinese browsers built on, Safari 14 what old phones have.
    target: ['chrome87', 'safari14', 'firefox85'],
    modulePreload: false,
    // For scripts/page-size.ts: which files the first load takes.
    manifest: mode === CENTRAL ? '.vite/central.json' : true,
    emptyOutDir: mode !== CENTRAL,
    // The page's CSP allows no data: address, so nothing may be inlined as one.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: join(import.meta.dirname, mode === CENTRAL ? 'central.html' : 'index.html'),
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', test: (id) => (mode === CENTRAL ? FIRST_OF_CENTRAL : FIRST).some((part) => part.test(id)) },
          ],
        },
      },
    },
  },
}));
