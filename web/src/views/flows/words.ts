import { wordSet } from '../../frame/words.ts';

export const flowsWords = wordSet({
  en: async () => (await import('../../words/flows-en.ts')).en,
  'zh-CN': async () => (await import('../../words/flows-zh.ts')).zh,
});
