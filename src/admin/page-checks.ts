/** What a view of the operator's page owes everybody: for tests that open all of them. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { type Browser, type Look, sidewaysScroll } from '../page-fixtures.ts';
import { shownTexts, textTroubles } from './page-texts.ts';

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Finding = { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] };

/** What axe calls serious or critical, one line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await axe);
  const { violations } = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"], preload: false })',
  )) as {
    violations: Finding[];
  };
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map((n) => `axe ${id}: ${n.target.join(' ')}: ${n.failureSummary}`));
}

/** One title, and no step left out on the way down. */
async function headingTroubles(page: Page): Promise<string[]> {
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((h) => Number(h.tagName.slice(1))),
  );
  const troubles = levels.filter((l) => l === 1).length === 1 ? [] : [`${levels.filter((l) => l === 1).length} h1`];
  for (const [i, level] of levels.entries())
    if (level > (levels[i - 1] ?? 0) + 1) troubles.push(`h${level} follows h${levels[i - 1] ?? 0}`);
  return troubles;
}

/** CSS pixels that a finger needs of a control's height. */
const THUMB_PX = 36;

const smallControls = (page: Page): Promise<string[]> =>
  page.evaluate(
    (least) =>
      [...document.querySelectorAll('button, summary, select, input:not([type=checkbox], [type=radio], [type=file])')]
        .filter((e) => {
          const { height, width } = e.getBoundingClientRect();
          return width > 1 && height > 1 && height < least && getComputedStyle(e).clipPath === 'none';
        })
        .map(
          (e) =>
            `small: ${e.tagName} ${e.className} ${e.textContent?.slice(0, 20)} ${e.getBoundingClientRect().height}`,
        ),
    THUMB_PX,
  );

/** Where the tabulator goes is seen, in the order of the page. */
async function focusTroubles(page: Page): Promise<string[]> {
  const troubles: string[] = [];
  const jumps = await page.locator('[tabindex]:not([tabindex="0"], [tabindex="-1"])').count();
  if (jumps > 0) troubles.push(`${jumps} elements push themselves in front in the order of the tabulator`);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab');
    const said = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return '';
      const box = e.getBoundingClientRect();
      const style = getComputedStyle(e);
      const isSeen = box.width > 1 && box.height > 1;
      const isMarked = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      return isSeen && isMarked ? '' : `focus is not seen: ${e.tagName} ${e.className} ${e.textContent?.slice(0, 20)}`;
    });
    if (said) troubles.push(said);
  }
  return troubles;
}

/** What is wrong with the view that is open. */
export async function troublesOf(browser: Browser, look: Look): Promise<string[]> {
  const { page } = browser;
  const sideways = await sidewaysScroll(page);
  return [
    ...(sideways > 0 ? [`scrolls sideways by ${sideways} pixels`] : []),
    ...textTroubles(await shownTexts(page), look.locale),
    ...(await headingTroubles(page)),
    ...(look.width < 500 ? await smallControls(page) : []),
    ...(await axeFindings(page)),
    ...(await focusTroubles(page)),
    // Who could look before is expected to be able to: the page dials at once, and hangs up where it is nobody any more.
    ...browser.troubles.splice(0).filter((t) => !/WebSocket is closed before|HTTP Authentication failed/.test(t)),
  ];
}
