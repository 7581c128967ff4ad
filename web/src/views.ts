import type { ViewEntry } from './frame/view-entry.ts';
import { clientsWords } from './views/clients/words.ts';
import { dashboardWords } from './views/dashboard/words.ts';
import { disksWords } from './views/disks/words.ts';
import { flowsWords } from './views/flows/words.ts';
import { prefillWords } from './views/prefill/words.ts';
import { torrentsWords } from './views/torrents/words.ts';
import { diskReasons, flowReasons, orderReasons, taskReasons, warningWords } from './words/reasons.ts';

/** Every view of the page, in the order of the navigation. README.md says how one is added. */
export const views: readonly ViewEntry[] = [
  {
    name: 'dashboard',
    path: '/',
    right: 'look',
    inNav: true,
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
    name: 'prefill',
    path: '/prefill',
    right: 'look',
    inNav: true,
    load: () => import('./views/prefill/view.tsx'),
    words: [prefillWords, orderReasons, torrentsWords, taskReasons],
  },
  {
    name: 'signIn',
    path: '/sign-in',
    right: 'anyone',
    inNav: false,
    bare: true,
    load: () => import('./views/sign-in/view.tsx'),
    words: [],
  },
];
