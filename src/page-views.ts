/** Every view of the page, for those who open them all: tests and screenshots. */
import type { Page } from 'playwright-core';
import type { signInAs } from '../web/mock/access-answers.ts';
import { distributions } from '../web/mock/fleet-answers.ts';
import { torrents } from '../web/mock/task-answers.ts';
import type { ViewEntry } from '../web/src/frame/view-entry.ts';

export type Opened = {
  readonly name: string;
  readonly path: string;
  readonly who: Parameters<typeof signInAs>[0];
  /** Its sections have addresses of their own, which the view itself knows. */
  readonly hasParts: boolean;
};

/** Whose page. */
export type Whose = 'box' | 'central';

/** Names in the paths, and what the made-up box, or central, has there. */
const SAMPLES: Readonly<Record<string, () => string>> = {
  // One that is being filled, with clients and origins.
  infoHash: () => torrents[0]?.infoHash ?? '',
  address: () => '192.168.7.21',
  // One that is under way, with nodes that failed.
  id: () => distributions[0]?.id ?? '',
  name: () => 'shanghai-01-pc-12',
};

/** As the page has them, with the made-up box's own torrent and client in the address. */
export async function allViews(whose: Whose = 'box'): Promise<Opened[]> {
  const views = await inNode(async () =>
    whose === 'box'
      ? (await import('../web/src/views.ts')).views
      : (await import('../web/src/views-central.ts')).centralViews,
  );
  const isPart = ({ path }: ViewEntry) => path.endsWith('/{part}');
  return views
    .filter((view) => !isPart(view))
    .map(({ name, path, bare }) => ({
      name,
      path: path.replace(/\{(\w+)\}/g, (_, key: string) => sampleOf(key, path)),
      who: !bare ? 'administer' : name === 'setUp' ? 'new' : 'none',
      hasParts: views.some((view) => isPart(view) && view.name === name),
    }));
}

/** The addresses of the sections of an opened view. */
export const partsOf = (page: Page, { path }: Opened): Promise<string[]> =>
  page
    .locator(`main nav a[href^="#${path}/"]`)
    .evaluateAll((links) => links.map((a) => (a.getAttribute('href') ?? '').slice(1)));

function sampleOf(key: string, path: string): string {
  const sample = SAMPLES[key];
  if (!sample) throw new Error(`bug: say in SAMPLES what {${key}} of ${path} may be`);
  return sample();
}

/** The list of views is the page's own, and the page tells its document which language it speaks as soon as it is read. */
async function inNode<T>(load: () => Promise<T>): Promise<T> {
  Object.assign(globalThis, { document: { documentElement: {} } });
  try {
    return await load();
  } finally {
    Object.assign(globalThis, { document: undefined });
  }
}
