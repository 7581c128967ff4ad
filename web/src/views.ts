import type { ViewEntry } from './frame/view-entry.ts';
import { dashboardWords } from './views/dashboard/words.ts';
import { diskReasons, flowReasons, taskReasons, warningWords } from './words/reasons.ts';

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
    name: 'signIn',
    path: '/sign-in',
    right: 'anyone',
    inNav: false,
    bare: true,
    load: () => import('./views/sign-in/view.tsx'),
    words: [],
  },
];
