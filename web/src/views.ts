import type { ViewEntry } from './frame/view-entry.ts';
import { accountWords } from './views/account/words.ts';
import { clientsWords } from './views/clients/words.ts';
import { dashboardWords } from './views/dashboard/words.ts';
import { disksWords } from './views/disks/words.ts';
import { flowsWords } from './views/flows/words.ts';
import { prefillWords } from './views/prefill/words.ts';
import { setUpWords } from './views/set-up/words.ts';
import { settingsWords } from './views/settings/words.ts';
import { signInWords } from './views/sign-in/words.ts';
import { systemWords } from './views/system/words.ts';
import { torrentsWords } from './views/torrents/words.ts';
import { whatIfWords } from './views/what-if/words.ts';
import { diskReasons, flowReasons, orderReasons, taskReasons, warningWords } from './words/reasons.ts';

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
    // What most come for: part of the page's own code (vite.config.ts), not another request.
    load: () => import('./views/dashboard/view.tsx'),
    words: [dashboardWords, warningWords, taskReasons, flowReasons, diskReasons],
  },
  {
    name: 'torrents',
    path: '/torrents',
    right: 'look',
    inNav: true,
    load: () => import('./views/torrents/view.tsx'),
    words: [torrentsWords, taskReasons],
  },
  {
    name: 'torrent',
    path: '/torrents/{infoHash}',
    right: 'look',
    inNav: false,
    below: 'torrents',
    load: () => import('./views/torrent/view.tsx'),
    words: [torrentsWords, taskReasons],
  },
  {
    name: 'flows',
    path: '/flows',
    right: 'look',
    inNav: true,
    load: () => import('./views/flows/view.tsx'),
    words: [flowsWords, flowReasons],
  },
  {
    name: 'clients',
    path: '/clients',
    right: 'look',
    inNav: true,
    load: () => import('./views/clients/view.tsx'),
    words: [clientsWords],
  },
  {
    name: 'client',
    path: '/clients/{address}',
    right: 'look',
    inNav: false,
    below: 'clients',
    load: () => import('./views/client/view.tsx'),
    words: [clientsWords],
  },
  {
    name: 'disks',
    path: '/disks',
    right: 'look',
    inNav: true,
    load: () => import('./views/disks/view.tsx'),
    words: [disksWords, diskReasons],
  },
  {
    name: 'whatIf',
    path: '/what-if',
    right: 'look',
    inNav: false,
    below: 'disks',
    load: () => import('./views/what-if/view.tsx'),
    words: [whatIfWords],
  },
  {
    name: 'prefill',
    path: '/prefill',
    right: 'look',
    inNav: true,
    load: () => import('./views/prefill/view.tsx'),
    words: [prefillWords, orderReasons, torrentsWords, taskReasons],
  },
  ...parted('settings', 'look', () => import('./views/settings/view.tsx'), [settingsWords]),
  ...parted('system', 'look', () => import('./views/system/view.tsx'), [systemWords, diskReasons]),
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
    words: [setUpWords, systemWords, diskReasons, accountWords, settingsWords],
  },
];
