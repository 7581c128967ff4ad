import type { SettingDiff } from '#admin/contract-settings.ts';
import { labelOf, valueText } from './setting-text.ts';
import { fields } from './settings-store.ts';
import { settingsWords } from './words.ts';

type Props = {
  rows: readonly SettingDiff[];
  before: string;
  after: string;
  marked?: readonly string[];
};

/** What was and what will be, setting by setting. */
export function DiffTable({ rows, before, after, marked = [] }: Props) {
  const words = settingsWords.get();
  return (
    <div class="scroll-x">
      <table class="diff">
        <thead>
          <tr>
            <th scope="col">{words.setting}</th>
            <th scope="col">{before}</th>
            <th scope="col">{after}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const field = fields.value.find(({ path }) => path === row.path);
            return (
              <tr key={row.path}>
                <th scope="row">
                  {labelOf(row.path)}
                  {marked.includes(row.path) && <span class="diff-clash">{words.clash}</span>}
                </th>
                <td>{valueText(field, row.before)}</td>
                <td>{valueText(field, row.after)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
