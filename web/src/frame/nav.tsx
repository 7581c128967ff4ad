import { views } from '../views.ts';
import { frameWords } from './frame-words.ts';
import { hashOf } from './route.ts';
import { place } from './router.ts';
import { includes, session } from './session.ts';
import { findView } from './view-entry.ts';

/** What whoever looks may see. */
export function Nav() {
  const words = frameWords.get();
  const here = findView(views, place.value.path)?.entry;
  const right = session.value?.right;
  return (
    <nav class="nav" aria-label={words.navigation}>
      <ul>
        {views
          .filter((entry) => entry.inNav && (includes(right, entry.right) || session.value === undefined))
          .map((entry) => (
            <li key={entry.name}>
              <a
                href={hashOf(entry.path)}
                aria-current={entry === here || entry.name === here?.below ? 'page' : undefined}
              >
                {words.views[entry.name]}
              </a>
            </li>
          ))}
      </ul>
    </nav>
  );
}
