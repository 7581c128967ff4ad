import { wordSet } from '../../frame/words.ts';

export const whatIfWords = wordSet({
  en: async () => (await import('../../words/what-if-en.ts')).en,
  'zh-CN': async () => (await import('../../words/what-if-zh.ts')).zh,
});
