// Pictures of every view of the page, with the made-up box behind it: `node scripts/page-shots.ts FOLDER [VIEW...]`, and docs/page.png with
// `--readme` in place of the folder; with `--central` of the page of a fleet's central. Each view in both languages, both colours, on a phone and on a PC; `LOOKS=phone-zh-CN-dark,…` takes some alone.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, env, exit } from 'node:process';
import { startMockBox } from '../src/admin/mock-fixtures.ts';
import { Browser, BuiltPage, DESKTOP, type Look, PHONE } from '../src/page-fixtures.ts';
import { allViews, partsOf } from '../src/page-views.ts';
import { signInAs } from '../web/mock/access-answers.ts';
import { distributions } from '../web/mock/fleet-answers.ts';

const whose = argv.includes('--central') ? 'central' : 'box';
const [folder, ...wanted] = argv.slice(2).filter((word) => word !== '--central');
if (folder === undefined) {
  console.error('usage: node scripts/page-shots.ts [--central] FOLDER [VIEW...] | --readme');
  exit(2);
}
/** Of a central: one distribution, with what went wrong. */
const FOR_README = `/distributions/${distributions[0]?.id}`;
const isForReadme = folder === '--readme';
const sizes = isForReadme ? { desktop: { width: 1280, height: 900 } } : { phone: PHONE, desktop: DESKTOP };
const looks = Object.entries(sizes).flatMap(([size, at]) =>
  (['en-US', 'zh-CN'] as const).flatMap((locale) =>
    (isForReadme ? (['light'] as const) : (['light', 'dark'] as const)).map((colors) => ({
      size,
      look: { locale, colors, ...at } satisfies Look,
    })),
  ),
);

/** Those of `wanted` names, or all. A name that there is not makes no picture, and is said. */
function chosen<T>(
  what: string,
  all: readonly T[],
  nameOf: (one: T) => string,
  wanted: readonly string[],
): readonly T[] {
  const names = all.map(nameOf);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`there is no ${what} ${unknown.join(', ')}: there is ${names.join(', ')}`);
  return wanted.length === 0 ? all : all.filter((one) => wanted.includes(nameOf(one)));
}

await using built = await BuiltPage.make({ mode: whose === 'central' ? 'central' : 'production' });
const admin = await startMockBox({ webRoot: built.webRoot, isCentral: whose === 'central' });
try {
  const views = isForReadme
    ? [{ name: 'first', path: whose === 'box' ? '/' : FOR_README, who: 'administer' as const, hasParts: false }]
    : chosen('view', await allViews(whose), ({ name }) => name, wanted);
  if (!isForReadme) await mkdir(folder, { recursive: true });
  const nameOf = ({ size, look }: (typeof looks)[number]) => `${size}-${look.locale}-${look.colors}`;
  for (const { size, look } of chosen('look', looks, nameOf, env.LOOKS?.split(',') ?? [])) {
    await using browser = await Browser.start(built.dir, look);
    for (const view of views) {
      signInAs(view.who);
      await browser.page.goto('about:blank');
      const paths = [view.path];
      for (const path of paths) {
        await browser.open(admin.url, path).catch((e: Error) => console.error(`${path}: ${e.message.split('\n')[0]}`));
        if (path === view.path && view.hasParts) paths.push(...(await partsOf(browser.page, view)));
        // Charts draw themselves a moment after their figures.
        await browser.page.waitForTimeout(isForReadme ? 3000 : 400);
        const part = path === view.path ? '' : `-${path.split('/').at(-1)}`;
        const file = isForReadme
          ? join(
              import.meta.dirname,
              `../docs/${whose === 'central' ? 'fleet' : 'page'}${look.locale === 'zh-CN' ? '.zh' : ''}.png`,
            )
          : join(folder, `${view.name}${part}-${size}-${look.locale}-${look.colors}.png`);
        await browser.page.screenshot({ path: file, fullPage: !isForReadme });
        for (const trouble of browser.troubles.splice(0)) console.error(`${path}: ${trouble}`);
      }
    }
  }
} finally {
  await admin.close();
}
