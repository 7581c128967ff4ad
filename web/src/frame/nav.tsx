import { useEffect, useRef } from 'preact/hooks';
import { frameWords } from './frame-words.ts';
import { ownPage } from './own-page.ts';
import { hashOf } from './route.ts';
import { place } from './router.ts';
import { includes, session } from './session.ts';
import { findView } from './view-entry.ts';

/** What whoever looks may see. */
export function Nav() {
  const words = frameWords.get();
  const { views } = ownPage();
  const here = findView(views, place.value.path)?.entry;
  const right = session.value?.right;
  const list = useRef<HTMLUListElement>(null);
  const now = here?.below ?? here?.name;
  useEffect(() => {
    // On a phone the list is wider than the page: the view that is open is to be in sight. Not by scrollIntoView, which would move the page as well.
    const open = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (list.current && open)
      list.current.scrollLeft =
        open.offsetLeft - list.current.offsetLeft - (list.current.clientWidth - open.offsetWidth) / 2;
  }, [now, words]);
  return (
    <nav class="nav" aria-label={words.navigation}>
      <ul ref={list}>
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
