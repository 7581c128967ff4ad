import { Field as FieldFrame } from '../../parts/field.tsx';
import type { Entry, HoursEntry } from './draft.ts';
import type { Placed } from './field-problems.ts';
import { canChange, type Field } from './fields.ts';
import { HoursInput } from './hours-input.tsx';
import { defaultText, isDefault, labelOf, problemSentence, rangeText, unitText } from './setting-text.ts';
import { enter, entryAt, problems, settings, toDefault } from './settings-store.ts';
import { settingsWords } from './words.ts';

type Aria = { id: string; 'aria-describedby': string; 'aria-invalid': boolean };

/** One setting: its name, its control, its unit and default, and what is wrong with what stands in it. */
export function FieldInput({ field, isReadOnly }: { field: Field; isReadOnly: boolean }) {
  const words = settingsWords.get();
  const found = problems.value.at.get(field.path) ?? [];
  const own = words.settings[field.path];
  const isFixed = isReadOnly || !canChange(field);
  const waits = settings.value?.waitingForRestart.some(
    (path) => field.path === path || field.path.startsWith(`${path}.`),
  );
  const notes = [
    own?.help,
    rangeText(field),
    defaultText(field),
    waits ? words.waits : words.applies[field.applies],
    field.needsConfirmation && !isFixed ? words.confirms : undefined,
  ].filter(Boolean);
  return (
    <div class={`setting kind-${field.shape.kind}`} data-path={field.path}>
      <FieldFrame
        label={labelOf(field.path)}
        error={found[0] && problemSentence(found[0], field)}
        hint={notes.join(words.gap)}
        control={(aria) => (
          <div class="setting-control">
            <Control field={field} aria={aria} found={found} isFixed={isFixed} />
            {field.shape.kind === 'number' && <span class="setting-unit">{unitText(field)}</span>}
          </div>
        )}
      />
      {!isFixed && <DefaultButton field={field} />}
    </div>
  );
}

type ControlProps = { field: Field; aria: Aria; found: readonly Placed[]; isFixed: boolean };

function Control({ field, aria, found, isFixed }: ControlProps) {
  const words = settingsWords.get();
  const entry: Entry = entryAt(field.path);
  const put = (value: Entry) => enter(field.path, value);
  const empty = words.settings[field.path]?.empty;
  const text = typeof entry === 'string' ? entry : '';
  const common = { ...aria, disabled: isFixed };
  switch (field.shape.kind) {
    case 'switch':
      return (
        <input
          {...common}
          type="checkbox"
          class="setting-switch"
          checked={entry === true}
          onChange={(event) => put(event.currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <select {...common} value={text} onChange={(event) => put(event.currentTarget.value)}>
          {field.shape.of.map((one) => (
            <option key={one} value={one}>
              {words.choices[`${field.path}.${one}`] ?? one}
            </option>
          ))}
        </select>
      );
    case 'lines':
      return (
        <textarea
          {...common}
          class="setting-lines"
          rows={Math.min(8, Math.max(2, text.split('\n').length))}
          spellcheck={false}
          autocapitalize="off"
          placeholder={empty}
          value={text}
          onInput={(event) => put(event.currentTarget.value)}
        />
      );
    case 'hours':
      return (
        <HoursInput
          aria={common}
          label={labelOf(field.path)}
          hasRate={field.shape.hasRate}
          most={field.shape.most ?? 24}
          entries={Array.isArray(entry) ? (entry as readonly HoursEntry[]) : []}
          found={found}
          onChange={put}
        />
      );
    case 'raw':
      return <textarea {...common} class="setting-lines" rows={2} readOnly value={text} />;
    default:
      return (
        <input
          {...common}
          type="text"
          class={field.shape.kind === 'number' ? 'setting-number' : 'setting-text'}
          inputMode={field.shape.kind === 'number' ? 'decimal' : 'text'}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          placeholder={empty}
          value={text}
          onInput={(event) => put(event.currentTarget.value)}
        />
      );
  }
}

/** Only where something else stands than the default. */
function DefaultButton({ field }: { field: Field }) {
  if (field.byDefault === undefined || isDefault(field, entryAt(field.path))) return null;
  return (
    <button type="button" class="setting-default" onClick={() => toDefault(field)}>
      {settingsWords.get().toDefault}
      <span class="unseen">{`: ${labelOf(field.path)}`}</span>
    </button>
  );
}
