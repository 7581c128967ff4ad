import { diaryWords } from './fleet/diary-words.ts';
import { fleetReasons, fleetWords } from './fleet/words.ts';
import type { ViewEntry } from './frame/view-entry.ts';
import { accountWords } from './views/account/words.ts';
import { publishWords } from './views/publish/words.ts';
import { setUpWords } from './views/set-up/words.ts';
import { signInWords } from './views/sign-in/words.ts';
import { systemWords } from './views/system/words.ts';

/** Every view of the page of a central, in the order of the navigation. */
export const centralViews: readonly ViewEntry[] = [
  {
    name: 'distributions',
    path: '/',
    right: 'look',
    inNav: true,
    load: () => import('./views/distributions/view.tsx'),
    words: [fleetWords, fleetReasons],
  },
  {
    name: 'distribution',
    path: '/distributions/{id}',
    right: 'look',
    inNav: false,
    below: 'distributions',
    load: () => import('./views/distribution/view.tsx'),
    words: [fleetWords, fleetReasons, diaryWords],
  },
  {
    name: 'nodes',
    path: '/nodes',
    right: 'look',
    inNav: true,
    load: () => import('./views/nodes/view.tsx'),
    words: [fleetWords],
  },
  {
    name: 'node',
    path: '/nodes/{name}',
    right: 'look',
    inNav: false,
    below: 'nodes',
    load: () => import('./views/node/view.tsx'),
    words: [fleetWords, fleetReasons, diaryWords],
  },
  {
    name: 'publish',
    path: '/publish',
    right: 'operate',
    inNav: true,
    load: () => import('./views/publish/view.tsx'),
    words: [fleetWords, publishWords],
  },
  {
    name: 'diary',
    path: '/diary',
    right: 'look',
    inNav: true,
    load: () => import('./views/diary/view.tsx'),
    words: [fleetWords, fleetReasons, diaryWords],
  },
  ...parted('system', () => import('./views/central-system/view.tsx'), [fleetWords, systemWords]),
  ...parted('account', () => import('./views/account/view.tsx'), [fleetWords, accountWords]),
  {
    name: 'signIn',
    path: '/sign-in',
    right: 'anyone',
    inNav: false,
    bare: true,
    load: () => import('./views/sign-in/view.tsx'),
    words: [signInWords],
  },
  {
    name: 'setUp',
    path: '/set-up',
    right: 'anyone',
    inNav: false,
    bare: true,
    load: () => import('./views/central-set-up/view.tsx'),
    words: [setUpWords, accountWords],
  },
];

/** A view of several sections: `/system`, and `/system/{part}` for each of them. */
function parted(name: 'system' | 'account', load: ViewEntry['load'], words: ViewEntry['words']): ViewEntry[] {
  const common = { name, right: 'look', load, words } as const;
  return [
    { ...common, path: `/${name}`, inNav: true },
    { ...common, path: `/${name}/{part}`, inNav: false, below: name },
  ];
}
