import './frame/old-browsers.ts';
import './frame/frame.css';
import { render } from 'preact';
import { frameWords } from './frame/frame-words.ts';
import { firstHeard } from './frame/live-box.ts';
import { followPlace } from './frame/open-view.ts';
import { may } from './frame/session.ts';
import { Shell } from './frame/shell.tsx';
import { beginAsking } from './frame/start-session.ts';
import { language } from './frame/words.ts';

/** ms. The box answers at once, or is far away or down; then the page says so. */
const PATIENCE_MS = 250;

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
