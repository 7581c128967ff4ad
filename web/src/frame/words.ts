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
  isHere(of: Language): boolean;
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
    isHere: (of) => here[of] !== undefined,
    get() {
      const words = here[language.value];
      if (words === undefined) throw new Error('bug: a view was drawn before its words were here');
      return words;
    },
  };
}

export const allHere = (sets: readonly WordSet<unknown>[], of: Language): boolean =>
  sets.every((set) => set.isHere(of));

/** Loads all of `sets` in `to`, then speaks it. Looked at again once they are here: another view may have been opened meanwhile. */
export async function speak(to: Language, sets: () => readonly WordSet<unknown>[]): Promise<void> {
  while (!allHere(sets(), to)) await Promise.all(sets().map((set) => set.load(to)));
  keepLanguage(to);
  language.value = to;
}
