/** For tests of the page: texts that no operator should see. */
import type { Page } from 'playwright-core';

export type Shown = {
  readonly text: string;
  /** Where it stands: tag and class. */
  readonly where: string;
  /** A stranger or the operator chose it: it is set apart as such. */
  readonly isNamed: boolean;
  /** A name may stand in the middle of a label. */
  readonly isLabel: boolean;
};

/** Every piece of text that is shown, and what is read out in its place. */
export const shownTexts = (page: Page): Promise<Shown[]> =>
  page.evaluate(() => {
    const shown: Shown[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    const note = (text: string | null | undefined, e: Element | null, isLabel: boolean) => {
      const said = text?.trim();
      if (!said || !e) return;
      const isNamed = e.closest('bdi, code, pre, noscript, [lang]:not(html), input, textarea') !== null;
      shown.push({ text: said, where: `${e.tagName.toLowerCase()}.${e.className}`, isNamed, isLabel });
    };
    for (let at = walker.nextNode(); at; at = walker.nextNode()) {
      if (at instanceof Text) note(at.data, at.parentElement, false);
      if (!(at instanceof Element)) continue;
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) note(at.getAttribute(name), at, true);
      if (at instanceof HTMLInputElement && at.type !== 'password') note(at.value, at, true);
    }
    return shown;
  });

/** A code of the API or a key of a table: `no-metainfo`, `limits.clientMbps`, `memoryCacheMiB`. */
const RAW = /^(?:[a-z]+(?:-[a-z]+)+|[a-z]+[A-Z]\w*|[a-z]+(?:\.[a-z]\w*)+)$/;
const BROKEN = /\b(?:undefined|NaN|null|Infinity)\b|\[object |Invalid Date/;
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const THREE_WORDS = /\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b/;
const HAN = /\p{Script=Han}/u;

export function textTroubles(shown: readonly Shown[], locale: string): string[] {
  const troubles = shown.flatMap(({ text, where, isNamed, isLabel }) => {
    const why = CONTROL.test(text.replaceAll(/[\n\t]/g, ' '))
      ? 'has control characters'
      : isNamed
        ? undefined
        : RAW.test(text)
          ? 'is a code'
          : BROKEN.test(text)
            ? 'is no text'
            : locale === 'zh-CN' && THREE_WORDS.test(text)
              ? 'is English'
              : locale !== 'zh-CN' && !isLabel && HAN.test(text)
                ? 'is Chinese'
                : undefined;
    return why ? [`${why}: ${JSON.stringify(text.slice(0, 60))} in ${where}`] : [];
  });
  return [...new Set(troubles)];
}
