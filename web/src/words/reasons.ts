import { wordSet } from '../frame/words.ts';

/** Words that several views use: sentences for the codes of the box. */
export const taskReasons = wordSet({
  en: async () => (await import('./task-reasons-en.ts')).en,
  'zh-CN': async () => (await import('./task-reasons-zh.ts')).zh,
});
export const orderReasons = wordSet({
  en: async () => (await import('./order-reasons-en.ts')).en,
  'zh-CN': async () => (await import('./order-reasons-zh.ts')).zh,
});
export const flowReasons = wordSet({
  en: async () => (await import('./flow-reasons-en.ts')).en,
  'zh-CN': async () => (await import('./flow-reasons-zh.ts')).zh,
});
export const diskReasons = wordSet({
  en: async () => (await import('./disk-reasons-en.ts')).en,
  'zh-CN': async () => (await import('./disk-reasons-zh.ts')).zh,
});
export const warningWords = wordSet({
  en: async () => (await import('./warnings-en.ts')).en,
  'zh-CN': async () => (await import('./warnings-zh.ts')).zh,
});
