import type { FrameWords } from '../words/frame-en.ts';
import { type OwnWords, ownWords } from './own-page.ts';
import { wordSet } from './words.ts';

export const frameWords = wordSet({
  en: async () => withOwn((await import('../words/frame-en.ts')).en, await ownWords('en')),
  'zh-CN': async () => withOwn((await import('../words/frame-zh.ts')).zh, await ownWords('zh-CN')),
});

/** Tables are laid over each other, texts take each other's place. */
function withOwn(words: FrameWords, own: OwnWords | undefined): FrameWords {
  if (!own) return words;
  const said = Object.entries(own).map(([key, value]) => {
    const before = words[key as keyof FrameWords];
    return [key, typeof value === 'object' ? { ...(before as object), ...value } : value];
  });
  return { ...words, ...Object.fromEntries(said) };
}
