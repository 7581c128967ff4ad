import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // The shells of old PCs: Chromium 87 is what the long-lived Chinese browsers built on, Safari 14 what old phones have.
    target: ['chrome87', 'safari14', 'firefox85'],
    modulePreload: false,
    // The page's CSP allows no data: address, so nothing may be inlined as one.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
