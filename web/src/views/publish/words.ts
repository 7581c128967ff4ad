import { wordSet } from '../../frame/words.ts';

export const publishWords = wordSet({
  en: async () => (await import('../../words/publish-en.ts')).en,
  'zh-CN': async () => (await import('../../words/publish-zh.ts')).zh,
});
