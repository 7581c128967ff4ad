import { wordSet } from './words.ts';

export const frameWords = wordSet({
  en: async () => (await import('../words/frame-en.ts')).en,
  'zh-CN': async () => (await import('../words/frame-zh.ts')).zh,
});
