import { wordSet } from '../../frame/words.ts';

/** Of the list and of one torrent: what can be done is the same. */
export const torrentsWords = wordSet({
  en: async () => (await import('../../words/torrents-en.ts')).en,
  'zh-CN': async () => (await import('../../words/torrents-zh.ts')).zh,
});
