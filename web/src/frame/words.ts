import { effect, signal } from '@preact/signals';
import type { Language } from './format.ts';
import { keepLanguage, keptLanguage, pickLanguage } from './language.ts';

/** The language on the page. It changes only when the words of what is shown are here. */
export const language = signal<Language>(pickLanguage(keptLanguage(), navigator.languages));

effect(() => {
  document.documentElement.lang = language.value;
});

/** The words of a view in both languages; one language is fetched at a time. */
export type WordSet<W> = {
  load(of: Language): Promise<unknown>;
  /** In the language of the page. A component that reads it is drawn anew when the language changes. */
  get(): W;
};

/** `en` says which keys there are; `zh` has to have the same, which the type checker sees to. */
export function wordSet<W>(loaders: { en: () => Promise<W>; 'zh-CN': () => Promise<W> }): WordSet<W> {
  const here: { [L in Language]?: W } = {};
  return {
    async load(of) {
      here[of] ??= await loaders[of]();
    },
    get() {
      const words = here[language.value];
      if (words === undefined) throw new Error('bug: a view was drawn before its words were here');
      return words;
    },
  };
}

/** Loads all of `sets` in `to`, then speaks it. */
export async function speak(to: Language, sets: readonly WordSet<unknown>[]): Promise<void> {
  await Promise.all(sets.map((set) => set.load(to)));
  keepLanguage(to);
  language.value = to;
}
