/** Every view of both pages, opened in both languages, both colours, on a phone and on a PC. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signInAs } from '../../web/mock/access-answers.ts';
import { setMode } from '../../web/mock/mode.ts';
import { Browser, BuiltPage, DESKTOP, type Look, nothingLives, PHONE } from '../page-fixtures.ts';
import { allViews, partsOf, type Whose } from '../page-views.ts';
import { startMockBox } from './mock-fixtures.ts';
import { troublesOf } from './page-checks.ts';

const LOOKS: Readonly<Record<Whose, readonly Look[]>> = {
  box: [
    { locale: 'en-US', ...PHONE, colors: 'light' },
    { locale: 'zh-CN', ...PHONE, colors: 'dark' },
    { locale: 'en-US', ...DESKTOP, colors: 'dark' },
    { locale: 'zh-CN', ...DESKTOP, colors: 'light' },
  ],
  // Its frame is the box's, and central-page.e2e.ts opens it in the light, on a phone.
  central: [
    { locale: 'zh-CN', ...PHONE, colors: 'dark' },
    { locale: 'en-US', ...DESKTOP, colors: 'light' },
  ],
};

async function troublesIn(whose: Whose, built: BuiltPage, look: Look): Promise<string[]> {
  setMode(new URLSearchParams(), whose === 'central');
  const admin = await startMockBox({ webRoot: built.webRoot, isCentral: whose === 'central' });
  const browser = await Browser.start(built.dir, look);
  const { page } = browser;
  const found: string[] = [];
  let who: string | undefined;
  try {
    for (const view of await allViews(whose)) {
      signInAs(view.who);
      // Who is signed in is asked at the beginning. In one look each view is what a page begins with; in the others one follows the other, which costs half.
      if (look === LOOKS[whose][0] || view.who !== who) await page.goto('about:blank');
      who = view.who;
      const paths = [view.path];
      for (const path of paths) {
        const opened = await browser.open(admin.url, path).catch((e: Error) => [`does not open: ${e.message}`]);
        if (path === view.path && view.hasParts) paths.push(...(await partsOf(page, view)).slice(1));
        const all = [...(opened ?? []), ...(await troublesOf(browser, look))];
        found.push(...all.map((trouble) => `${path}: ${trouble}`));
      }
      if (view.hasParts) assert.ok(paths.length > 1, `${view.name} has sections`);
    }
  } finally {
    await browser[Symbol.asyncDispose]();
    await admin.close();
  }
  return found;
}

for (const whose of ['box', 'central'] as const) {
  let built: BuiltPage;
  before(async () => {
    built = await BuiltPage.make({ mode: whose === 'central' ? 'central' : 'production' });
  });
  after(() => built[Symbol.asyncDispose]());
  for (const look of LOOKS[whose]) {
    const name = `every view of a ${whose} in ${look.locale}, ${look.colors}, ${look.width} pixels wide`;
    test(`${name}: nothing sticks out, nothing is raw, and everybody can use it`, async () => {
      assert.deepEqual(await troublesIn(whose, built, look), []);
      await nothingLives();
    });
  }
}
