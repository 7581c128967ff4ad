import { effect, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { Language } from './format.ts';
import { frameWords } from './frame-words.ts';
import { ownPage } from './own-page.ts';
import { place } from './router.ts';
import { includes, session } from './session.ts';
import { isExpected, tellSession } from './start-session.ts';
import { tell } from './tell.tsx';
import { type Found, findView, type ViewProps } from './view-entry.ts';
import { allHere, language, speak, type WordSet } from './words.ts';

/** What stands below the header. The old view stays until the new one is here. */
export type Open =
  | { kind: 'loading' }
  | { kind: 'unknown' }
  | { kind: 'not-allowed' }
  | { kind: 'failed' }
  | { kind: 'view'; found: Found; View: ComponentType<ViewProps>; query: URLSearchParams };

export const open = signal<Open>({ kind: 'loading' });

const loaded = new Map<Found['entry'], ComponentType<ViewProps>>();
let wanted = 0;

/** Loads what the address names and puts it on the page, unless something else was wanted meanwhile. */
async function show(path: string, query: URLSearchParams): Promise<void> {
  const mine = ++wanted;
  const found = findView(ownPage().views, path);
  if (!found) {
    open.value = { kind: 'unknown' };
    return;
  }
  try {
    const sets = [frameWords, ...found.entry.words];
    let View = loaded.get(found.entry);
    // Again where the language was switched meanwhile.
    while (!View || !allHere(sets, language.peek()))
      [View] = await Promise.all([
        View ?? found.entry.load().then((m) => m.View),
        ...sets.map((set) => set.load(language.peek())),
      ]);
    loaded.set(found.entry, View);
    const now = session.value;
    // Until the box said who looks, the view waits with its own placeholders; it is not begun for who may be nobody.
    if (mine !== wanted || (!now && !isExpected)) return;
    const isBarred = now !== undefined && !includes(now.right, found.entry.right);
    // Whoever is nobody yet is led to where one signs in, or sets the box up.
    if (isBarred && now.right === undefined) return tellSession(now);
    open.value = isBarred ? { kind: 'not-allowed' } : { kind: 'view', found, View, query };
  } catch {
    if (mine === wanted) open.value = { kind: 'failed' };
  }
}

export const showPlace = (): Promise<void> => show(place.peek().path, place.peek().query);

/** From now on the page shows what the address names. */
export function followPlace(): void {
  effect(() => {
    const { path, query } = place.value;
    // Whoever signs in or out sees the same place with other eyes.
    void session.value?.right;
    void show(path, query);
  });
}

/** The words that are needed for what is shown. */
const setsNow = (): readonly WordSet<unknown>[] => {
  const now = open.peek();
  return [frameWords, ...(now.kind === 'view' ? now.found.entry.words : [])];
};

/** Draws the page in another language, once its words are here. */
export const speakHere = (to: Language): Promise<void> =>
  speak(to, setsNow).catch(() => tell(frameWords.get().viewFailed, true));
