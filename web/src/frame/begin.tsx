import { render } from 'preact';
import { frameWords } from './frame-words.ts';
import { firstHeard } from './live-box.ts';
import { followPlace } from './open-view.ts';
import { type OwnPage, setOwnPage } from './own-page.ts';
import { may } from './session.ts';
import { Shell } from './shell.tsx';
import { beginAsking } from './start-session.ts';
import { language } from './words.ts';

/** ms. The box answers at once, or is far away or down; then the page says so. */
const PATIENCE_MS = 250;

export function begin(page: OwnPage): void {
  setOwnPage(page);
  // All at once: who looks, what the address names, and the words of the frame.
  const figures = beginAsking().then(() => (may('look') ? firstHeard : undefined));
  followPlace();
  const root = document.getElementById('page');
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  // Drawn once, with the figures in it: drawn before them and again with them, the page keeps an old PC twice as long.
  void Promise.all([frameWords.load(language.value), Promise.race([figures, patience])]).then(() => {
    if (!root) return;
    root.textContent = '';
    render(<Shell />, root);
  });
}
