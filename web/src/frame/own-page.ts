import type { ComponentType } from 'preact';
import type { FrameWords } from '../words/frame-en.ts';
import type { Language } from './format.ts';
import type { ViewEntry } from './view-entry.ts';

/** What a page has of its own within the frame that the box's and the central's have in common. */
export type OwnPage = {
  /** In the order of the navigation; the first is where whoever comes begins. */
  readonly views: readonly ViewEntry[];
  /** In the header: how what is looked at does. */
  readonly State: ComponentType;
  /** What is loaded after everything else, for who administers. */
  readonly Late?: ComponentType;
  /** Whether it keeps the rates of the last minutes. */
  readonly hasHistory: boolean;
  /** What it says in other words than the box. */
  words?(of: Language): Promise<OwnWords>;
};
/** Of each table only what is another. */
export type OwnWords = { readonly [K in keyof FrameWords]?: Partial<FrameWords[K]> };

let own: OwnPage | undefined;

/** Once, before anything is drawn. */
export const setOwnPage = (page: OwnPage): void => {
  own = page;
};

export function ownPage(): OwnPage {
  if (!own) throw new Error('bug: a page was drawn before it said what it is');
  return own;
}

/** What this page says in other words; of none, nothing. */
export const ownWords = async (of: Language): Promise<OwnWords | undefined> => own?.words?.(of);
