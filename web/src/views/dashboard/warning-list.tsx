import type { Warning } from '#admin/contract.ts';
import { fill, known } from '../../frame/language.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { warningWords } from '../../words/reasons.ts';
import { dashboardWords } from './words.ts';

const shown = (warning: Warning): Record<string, string> =>
  Object.fromEntries(
    Object.entries(warning.detail ?? {}).map(([key, value]) => [
      key,
      key.endsWith('Bytes') && typeof value === 'number' ? saidBytes(value) : safeText(String(value), 120),
    ]),
  );

const RANK = { bad: 0, warn: 1, info: 2 };
const worstFirst = (warnings: readonly Warning[]) => [...warnings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);

/** What is wrong, and what to do about it. */
export function WarningList({ warnings }: { warnings: readonly Warning[] }) {
  const words = dashboardWords.get();
  const table: Readonly<Record<string, { what: string; todo: string }>> = warningWords.get().warning;
  if (warnings.length === 0) return null;
  return (
    <section class="warnings" aria-labelledby="warnings">
      <h2 id="warnings">{words.warnings}</h2>
      <ul>
        {worstFirst(warnings).map((warning) => {
          const sentence = known(table, warning.code);
          const detail = shown(warning);
          return (
            <li key={warning.code + JSON.stringify(warning.detail ?? '')} class={warning.severity}>
              <b>{sentence ? fill(sentence.what, detail) : safeText(warning.text ?? warning.code)}</b>
              {sentence && <span>{fill(sentence.todo, detail)}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
