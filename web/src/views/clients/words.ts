import { wordSet } from '../../frame/words.ts';

export const clientsWords = wordSet({
  en: async () => (await import('../../words/clients-en.ts')).en,
  'zh-CN': async () => (await import('../../words/clients-zh.ts')).zh,
});
