import './rows.css';
import './sections.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { hashOf } from '../frame/route.ts';

type Props = {
  /** What the list is called, for who cannot see that it is one. */
  label: string;
  title: string;
  /** `/settings`; a section stands at `/settings/{key}`. */
  base: string;
  sections: readonly { key: string; text: string /** Something there wants a look. */; isMarked?: boolean }[];
  now: string;
  children: ComponentChildren;
};

/** A view of several sections: their list beside it, or above it on a phone. Links, so that each has its address and the back button works. */
export function Sections({ label, title, base, sections, now, children }: Props) {
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the list is pushed aside: the one that is open is to be in sight. Not by scrollIntoView, which would move the page as well.
    const open = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (list.current && open) list.current.scrollLeft = open.offsetLeft - list.current.offsetLeft - 14;
  }, [now]);
  return (
    <div class="sections">
      <h2 class="sections-title">{title}</h2>
      <nav class="sections-list" aria-label={label} ref={list}>
        <ul>
          {sections.map(({ key, text, isMarked }) => (
            <li key={key}>
              <a href={hashOf(`${base}/${key}`)} aria-current={key === now ? 'true' : undefined}>
                {text}
                {isMarked && <span class="sections-mark" aria-hidden="true" />}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="sections-body">{children}</div>
    </div>
  );
}
