import { defineConfig, type Plugin } from 'vite';

/** Words that the dashboard shows: one request for each language, not one for each kind of words. */
const FIRST_WORDS = /words\/(?:frame|dashboard|warnings|task-reasons|flow-reasons|disk-reasons)-(en|zh)\.ts$/;
/** What every view is made of. */
const BASE =
  /node_modules\/(?:preact|@preact)\/|web\/src\/(?:frame|parts)\/(?!plot)[^/]*\.tsx?$|web\/src\/(?:main|views)\.tsx?$/;

/**
 * The browser begins to fetch the dashboard's code with the page, not after the page's own code has run. Whoever opens another view has fetched some
 * kilobytes too many.
 */
const fetchEarly = (): Plugin => ({
  name: 'fetch-early',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle = {} }) {
      const early = Object.values(bundle).flatMap((file) => {
        if (file.type !== 'chunk' || !file.facadeModuleId?.endsWith('views/dashboard/view.tsx')) return [];
        return [{ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file.fileName}` } }];
      });
      return early.map((tag) => ({ ...tag, injectTo: 'head' as const }));
    },
  },
});

export default defineConfig({
  root: import.meta.dirname,
  plugins: [fetchEarly()],
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
          groups: [
            {
              debugName: 'words',
              name: (id) => FIRST_WORDS.exec(id)?.[1]?.replace(/^/, 'words-') ?? null,
              test: FIRST_WORDS,
            },
            { name: 'base', test: BASE },
          ],
        },
      },
    },
  },
});
