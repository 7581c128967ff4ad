import type { Given } from './history.ts';

/**
 * One change of what settings are called, or of how they are said. Once released it is never edited. `since`: the version of the program that brought it; what an
 * older one wrote, or a person, is changed by it. `change`: settings as a file gives them, which may be wrong; the same object where it has nothing to do. BEFORE
 * and AFTER stand above each.
 */
export type SettingsStep = { readonly since: string; change(given: Given): Given };

/** In order. */
export const SETTINGS_STEPS: readonly SettingsStep[] = [];
