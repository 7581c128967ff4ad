import { wordSet } from '../../frame/words.ts';

export const setUpWords = wordSet({
  en: async () => (await import('../../words/set-up-en.ts')).en,
  'zh-CN': async () => (await import('../../words/set-up-zh.ts')).zh,
});
