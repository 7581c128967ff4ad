import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { language } from './words.ts';

/** ms after the page stands. */
const LATE_MS = 700;

/** What waits to be confirmed, loaded after everything else: who administers needs it seldom, and others never. */
export function LateBanner() {
  const [shown, setShown] = useState<{ Banner: ComponentType; of: string }>();
  const of = language.value;
  useEffect(() => {
    let isWanted = true;
    const load = async () => {
      const { ConfirmBanner, confirmWords } = await import('../confirm/confirm-banner.tsx');
      await confirmWords.load(of);
      if (isWanted) setShown({ Banner: ConfirmBanner, of });
    };
    // Without it nothing is lost but the question: the box takes the change back by itself.
    const timer = setTimeout(() => load().catch(() => undefined), LATE_MS);
    return () => {
      clearTimeout(timer);
      isWanted = false;
    };
  }, [of]);
  // In another language its words are not here yet.
  return shown?.of === of ? <shown.Banner /> : null;
}
