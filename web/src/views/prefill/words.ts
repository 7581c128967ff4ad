import { wordSet } from '../../frame/words.ts';

export const prefillWords = wordSet({
  en: async () => (await import('../../words/prefill-en.ts')).en,
  'zh-CN': async () => (await import('../../words/prefill-zh.ts')).zh,
});
