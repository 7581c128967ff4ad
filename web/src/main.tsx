import './frame/old-browsers.ts';
import './frame/frame.css';
import { begin } from './frame/begin.tsx';
import { LateBanner } from './frame/late-banner.tsx';
import { BoxState } from './views/dashboard/box-state.tsx';
import { views } from './views.ts';

/** The page of a box. */
begin({ views, State: BoxState, Late: LateBanner, hasHistory: true });
