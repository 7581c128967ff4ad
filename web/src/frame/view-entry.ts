import type { ComponentType } from 'preact';
import type { Right } from '#admin/contract-common.ts';
import type { FrameWords } from '../words/frame-en.ts';
import { fits } from './route.ts';
import type { WordSet } from './words.ts';

export type ViewProps = {
  /** Of the `{names}` in the path. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
};

export type ViewEntry = {
  /** Its title in the frame's words. */
  name: keyof FrameWords['views'];
  /** `/torrents/{infoHash}` */
  path: string;
  /** Who may see it. */
  right: Right | 'anyone';
  /** Part of the navigation; a view without it is reached from others. */
  inNav: boolean;
  /** The navigation shows it as chosen while this one is open: the name of another entry. */
  below?: keyof FrameWords['views'];
  /** Without the frame's header and navigation: signing in, setting up. */
  bare?: boolean;
  load(): Promise<{ View: ComponentType<ViewProps> }>;
  words: readonly WordSet<unknown>[];
};

export type Found = { entry: ViewEntry; params: Record<string, string> };

export function findView(entries: readonly ViewEntry[], path: string): Found | undefined {
  for (const entry of entries) {
    const params = fits(entry.path, path);
    if (params) return { entry, params };
  }
  return undefined;
}
