import { wordSet } from '../frame/words.ts';

export const diaryWords = wordSet({
  en: async () => (await import('../words/diary-en.ts')).en,
  'zh-CN': async () => (await import('../words/diary-zh.ts')).zh,
});
