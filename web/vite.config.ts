import { defineConfig } from 'vite';

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

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // The shells of old PCs: Chromium 87 is what the long-lived Chinese browsers built on, Safari 14 what old phones have.
    target: ['chrome87', 'safari14', 'firefox85'],
    modulePreload: false,
    // For scripts/page-size.ts: which files the first load takes.
    manifest: true,
    // The page's CSP allows no data: address, so nothing may be inlined as one.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'base', test: (id) => FIRST.some((part) => part.test(id)) }],
        },
      },
    },
  },
});
