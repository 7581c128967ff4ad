import type { HoursEntry } from './draft.ts';
import type { Placed } from './field-problems.ts';
import { settingsWords } from './words.ts';

type Props = {
  aria: { id: string; 'aria-describedby': string; 'aria-invalid': boolean; disabled: boolean };
  label: string;
  hasRate: boolean;
  most: number;
  entries: readonly HoursEntry[];
  found: readonly Placed[];
  onChange: (entries: readonly HoursEntry[]) => void;
};

/** Spans of hours, each in a row. Text and no time picker: `24:00` is a time here, and pickers do not know it. */
export function HoursInput({ aria, label, hasRate, most, entries, found, onChange }: Props) {
  const words = settingsWords.get();
  const { id, disabled } = aria;
  const change = (row: number, part: keyof HoursEntry, value: string) =>
    onChange(entries.map((entry, at) => (at === row ? { ...entry, [part]: value } : entry)));
  const isWrong = (row: number, part: string) =>
    found.some((one) => one.row === row && (one.part === undefined || one.part === part));
  const input = (row: number, part: keyof HoursEntry, name: string, value: string) => (
    <label class="hours-part">
      <span>{name}</span>
      <input
        type="text"
        class="setting-hours"
        inputMode={part === 'mbps' ? 'decimal' : 'text'}
        disabled={disabled}
        value={value}
        placeholder={part === 'mbps' ? '20' : '08:00'}
        aria-invalid={isWrong(row, part)}
        aria-describedby={aria['aria-describedby']}
        onInput={(event) => change(row, part, event.currentTarget.value)}
      />
    </label>
  );
  return (
    <fieldset class="hours" id={id} aria-label={label} tabIndex={-1}>
      {entries.length === 0 && <p class="aside">{words.noHours}</p>}
      {entries.map((entry, row) => (
        <fieldset class="hours-row" key={row}>
          <legend class="unseen">{words.span(row + 1)}</legend>
          {input(row, 'from', words.from, entry.from)}
          {input(row, 'to', words.to, entry.to)}
          {hasRate && input(row, 'mbps', words.rate, entry.mbps)}
          {!disabled && (
            <button
              type="button"
              aria-label={words.removeHours(row + 1)}
              onClick={() => onChange(entries.filter((_, at) => at !== row))}
            >
              ×
            </button>
          )}
        </fieldset>
      ))}
      {!disabled && entries.length < most && (
        <button type="button" class="hours-add" onClick={() => onChange([...entries, { from: '', to: '', mbps: '' }])}>
          {words.addHours}
        </button>
      )}
    </fieldset>
  );
}
