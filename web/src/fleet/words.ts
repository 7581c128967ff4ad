import { wordSet } from '../frame/words.ts';

export const fleetWords = wordSet({
  en: async () => (await import('../words/fleet-en.ts')).en,
  'zh-CN': async () => (await import('../words/fleet-zh.ts')).zh,
});
export const fleetReasons = wordSet({
  en: async () => (await import('../words/fleet-reasons-en.ts')).en,
  'zh-CN': async () => (await import('../words/fleet-reasons-zh.ts')).zh,
});
