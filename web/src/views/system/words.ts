import { wordSet } from '../../frame/words.ts';

export const systemWords = wordSet({
  en: async () => (await import('../../words/system-en.ts')).en,
  'zh-CN': async () => (await import('../../words/system-zh.ts')).zh,
});
