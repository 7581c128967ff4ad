import { wordSet } from '../../frame/words.ts';

export const settingsWords = wordSet({
  en: async () => (await import('../../words/settings-en.ts')).en,
  'zh-CN': async () => (await import('../../words/settings-zh.ts')).zh,
});
