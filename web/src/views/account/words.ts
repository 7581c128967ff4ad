import { wordSet } from '../../frame/words.ts';

export const accountWords = wordSet({
  en: async () => (await import('../../words/account-en.ts')).en,
  'zh-CN': async () => (await import('../../words/account-zh.ts')).zh,
});
