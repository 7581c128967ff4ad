import { wordSet } from '../../frame/words.ts';

export const dashboardWords = wordSet({
  en: async () => (await import('../../words/dashboard-en.ts')).en,
  'zh-CN': async () => (await import('../../words/dashboard-zh.ts')).zh,
});
