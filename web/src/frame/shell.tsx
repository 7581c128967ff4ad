import { useEffect, useRef } from 'preact/hooks';
import type { FrameWords } from '../words/frame-en.ts';
import { frameWords } from './frame-words.ts';
import { LinkNotice } from './link-notice.tsx';
import { isLive, snapshot } from './live-box.ts';
import { Nav } from './nav.tsx';
import { open, showPlace } from './open-view.ts';
import { ownPage } from './own-page.ts';
import { may, session } from './session.ts';
import { SaidRegion } from './tell.tsx';
import { TopBar } from './top-bar.tsx';

/** Header, navigation and, below them, the view that the address names. */
export function Shell() {
  const now = open.value;
  const isBare = now.kind === 'view' && now.found.entry.bare === true;
  const words = frameWords.get();
  const { Late } = ownPage();
  useArrival(now.kind === 'view' ? now.found.entry.name : undefined);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        {words.toContent}
      </button>
      <TopBar isBare={isBare} />
      {!isBare && <Nav />}
      {!isBare && session.value?.right !== undefined && <LinkNotice />}
      {Late && may('administer') && <Late />}
      <main
        id="main"
        tabIndex={-1}
        class={snapshot.value && !isLive.value ? 'page stale' : 'page'}
        aria-busy={now.kind === 'loading'}
      >
        <Opened />
      </main>
      <SaidRegion />
    </>
  );
}

/** A new view has its title, begins at its top, and has the focus: a screen reader goes on there, not in the navigation. */
function useArrival(name: keyof FrameWords['views'] | undefined) {
  const before = useRef<typeof name>(undefined);
  const title = name === undefined || name === 'dashboard' ? 'Swarmbox' : `${frameWords.get().views[name]} – Swarmbox`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (name === undefined) return;
    if (before.current !== undefined && before.current !== name) {
      window.scrollTo(0, 0);
      document.getElementById('main')?.focus({ preventScroll: true });
    }
    before.current = name;
  }, [name]);
}

/** A box that is there and lacks the code of its own view was updated under this page: the page is of before. */
const tryAgain = () => (isLive.peek() ? location.reload() : void showPlace());

function Opened() {
  const now = open.value;
  const words = frameWords.get();
  switch (now.kind) {
    case 'loading':
      return <p class="connecting">{words.loading}</p>;
    case 'unknown':
      return <p class="connecting">{words.viewUnknown}</p>;
    case 'not-allowed':
      return <p class="connecting">{words.notAllowed}</p>;
    case 'failed':
      return (
        <div class="connecting">
          <p>{words.viewFailed}</p>
          <button type="button" onClick={tryAgain}>
            {words.again}
          </button>
        </div>
      );
    case 'view':
      return <now.View key={now.found.entry.name} params={now.found.params} query={now.query} />;
  }
}
