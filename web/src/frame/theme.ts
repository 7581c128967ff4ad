import { effect, signal } from '@preact/signals';
import { keep, kept } from './language.ts';

/** `auto`: as the system says. */
export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'swarmbox.theme';

export const themeOf = (text: string | null): Theme => (text === 'light' || text === 'dark' ? text : 'auto');
export const theme = signal<Theme>(themeOf(kept(KEY)));

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'auto') root.removeAttribute('data-theme');
  else root.setAttribute('data-theme', theme.value);
});

const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
export const isDark = (): boolean => (theme.value === 'auto' ? systemIsDark() : theme.value === 'dark');

/** The other of the two; where that is what the system says, the system is followed again. */
export function switchTheme(): void {
  const wanted = isDark() ? 'light' : 'dark';
  theme.value = (wanted === 'dark') === systemIsDark() ? 'auto' : wanted;
  keep(KEY, theme.value);
}
