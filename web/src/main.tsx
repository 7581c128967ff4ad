import './frame/old-browsers.ts';
import './frame/frame.css';
import { render } from 'preact';
import { frameWords } from './frame/frame-words.ts';
import { followPlace } from './frame/open-view.ts';
import { Shell } from './frame/shell.tsx';
import { beginAsking } from './frame/start-session.ts';
import { language } from './frame/words.ts';

// All at once: who looks, what the address names, and the words of the frame.
beginAsking();
followPlace();
const root = document.getElementById('page');
void frameWords.load(language.value).then(() => {
  if (!root) return;
  root.textContent = '';
  render(<Shell />, root);
});
