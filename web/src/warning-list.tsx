import type { Warning } from '#admin/contract.ts';
import { bytes, joined, type Language } from './format.ts';
import { fill, useSpeech } from './language.ts';
import { safeText } from './safe-text.ts';

const shown = (warning: Warning, language: Language): Record<string, string> =>
  Object.fromEntries(
    Object.entries(warning.detail ?? {}).map(([key, value]) => [
      key,
      key.endsWith('Bytes') && typeof value === 'number'
        ? joined(bytes(value, language))
        : safeText(String(value), 120),
    ]),
  );

const RANK = { bad: 0, warn: 1, info: 2 };
const worstFirst = (warnings: readonly Warning[]) => [...warnings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);

export function WarningList({ warnings }: { warnings: readonly Warning[] }) {
  const { words, language } = useSpeech();
  if (warnings.length === 0) return null;
  const table: Readonly<Record<string, { what: string; todo: string }>> = words.warning;
  return (
    <section class="warnings" aria-labelledby="warnings">
      <h2 id="warnings">{words.warnings}</h2>
      <ul>
        {worstFirst(warnings).map((warning) => {
          const known = Object.hasOwn(table, warning.code) ? table[warning.code] : undefined;
          const detail = shown(warning, language);
          return (
            <li key={warning.code + JSON.stringify(warning.detail ?? '')} class={warning.severity}>
              <b>{known ? fill(known.what, detail) : safeText(warning.text ?? warning.code)}</b>
              {known && <span>{fill(known.todo, detail)}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
