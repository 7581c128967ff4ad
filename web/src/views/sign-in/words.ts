import { wordSet } from '../../frame/words.ts';

export const signInWords = wordSet({
  en: async () => (await import('../../words/sign-in-en.ts')).en,
  'zh-CN': async () => (await import('../../words/sign-in-zh.ts')).zh,
});
