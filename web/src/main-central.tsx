import './frame/old-browsers.ts';
import './frame/frame.css';
import './fleet/fleet.css';
import { FleetState } from './fleet/fleet-state.tsx';
import { begin } from './frame/begin.tsx';
import { centralViews } from './views-central.ts';

/** The page of a fleet's central. */
begin({
  views: centralViews,
  State: FleetState,
  hasHistory: false,
  words: async (of) =>
    of === 'en' ? (await import('./words/central-frame-en.ts')).en : (await import('./words/central-frame-zh.ts')).zh,
});
