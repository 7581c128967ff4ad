import type { ViewEntry } from './frame/view-entry.ts';
import { accountWords } from './views/account/words.ts';
import { dashboardWords } from './views/dashboard/words.ts';
import { setUpWords } from './views/set-up/words.ts';
import { settingsWords } from './views/settings/words.ts';
import { signInWords } from './views/sign-in/words.ts';
import { systemWords } from './views/system/words.ts';

/** A view of several sections: `/settings`, and `/settings/{part}` for each of them. */
function parted(
  name: 'settings' | 'system' | 'account',
  right: ViewEntry['right'],
  load: ViewEntry['load'],
  words: ViewEntry['words'],
): ViewEntry[] {
  const common = { name, right, load, words };
  return [
    { ...common, path: `/${name}`, inNav: true },
    { ...common, path: `/${name}/{part}`, inNav: false, below: name },
  ];
}

/** Every view of the page, in the order of the navigation. README.md says how one is added. */
export const views: readonly ViewEntry[] = [
  {
    name: 'dashboard',
    path: '/',
    right: 'look',
    inNav: true,
    load: () => import('./views/dashboard/view.tsx'),
    words: [dashboardWords],
  },
  ...parted('settings', 'look', () => import('./views/settings/view.tsx'), [settingsWords]),
  ...parted('system', 'look', () => import('./views/system/view.tsx'), [systemWords]),
  ...parted('account', 'look', () => import('./views/account/view.tsx'), [accountWords]),
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
    load: () => import('./views/set-up/view.tsx'),
    words: [setUpWords, systemWords, accountWords, settingsWords],
  },
];
