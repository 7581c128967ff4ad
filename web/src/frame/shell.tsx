import { frameWords } from './frame-words.ts';
import { LateBanner } from './late-banner.tsx';
import { LinkNotice } from './link-notice.tsx';
import { isLive } from './live-box.ts';
import { Nav } from './nav.tsx';
import { open, showPlace } from './open-view.ts';
import { may, session } from './session.ts';
import { SaidRegion } from './tell.tsx';
import { TopBar } from './top-bar.tsx';

/** Header, navigation and, below them, the view that the address names. */
export function Shell() {
  const now = open.value;
  const isBare = now.kind === 'view' && now.found.entry.bare === true;
  const words = frameWords.get();
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        {words.toContent}
      </button>
      <TopBar isBare={isBare} />
      {!isBare && <Nav />}
      {!isBare && session.value?.right !== undefined && <LinkNotice />}
      {may('administer') && <LateBanner />}
      <main id="main" tabIndex={-1} class={isLive.value ? 'page' : 'page stale'} aria-busy={now.kind === 'loading'}>
        <Opened />
      </main>
      <SaidRegion />
    </>
  );
}

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
          <button type="button" onClick={() => void showPlace()}>
            {words.again}
          </button>
        </div>
      );
    case 'view':
      return <now.View key={now.found.entry.name} params={now.found.params} query={now.query} />;
  }
}
