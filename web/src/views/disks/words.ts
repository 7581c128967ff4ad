import { wordSet } from '../../frame/words.ts';

export const disksWords = wordSet({
  en: async () => (await import('../../words/disks-en.ts')).en,
  'zh-CN': async () => (await import('../../words/disks-zh.ts')).zh,
});
