import './frame/old-browsers.ts';
import './frame/frame.css';
import { render } from 'preact';
import { frameWords } from './frame/frame-words.ts';
import { followPlace } from './frame/open-view.ts';
import { Shell } from './frame/shell.tsx';
import { beginAsking } from './frame/start-session.ts';
import { language } from './frame/words.ts';

/** ms. The box answers at once, or is far away or down; then the page says so. */
const PATIENCE_MS = 150;

// All at once: who looks, what the address names, and the words of the frame.
const asked = beginAsking();
followPlace();
const root = document.getElementById('page');
const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
// Drawn before the figures are asked for, the page would keep an old PC from asking.
void Promise.all([frameWords.load(language.value), Promise.race([asked, patience])]).then(() => {
  if (!root) return;
  root.textContent = '';
  render(<Shell />, root);
});
