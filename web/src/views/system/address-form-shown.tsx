import { useState } from 'preact/hooks';
import type { Problem } from '#admin/contract-common.ts';
import type { AddressSettings, NetworkView } from '#admin/contract-machine.ts';
import { tellUnconfirmed } from '../../confirm/confirm-store.ts';
import { call } from '../../frame/call.ts';
import { fill } from '../../frame/language.ts';
import { hasOwn } from '../../frame/own.ts';
import { safeText } from '../../frame/safe-text.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Field } from '../../parts/field.tsx';
import { fieldText, problemText } from '../../parts/problem-note.tsx';
import { focusField } from '../../parts/secret-field.tsx';
import { type AddressDraft, type AddressField, addressDraft, addressOf, addressTroubles } from './address-form.ts';
import { systemWords } from './words.ts';

const KINDS = ['dhcp', 'static', 'none'] as const;
const FIELDS = { static: ['addresses', 'gateways', 'dns', 'vlan'], dhcp: ['vlan'], none: [] } as const;

type Props = { settings: AddressSettings; onChanged: (view: NetworkView) => void };

/** How the box gets its address. A change takes itself back unless it is confirmed from where the box is then. */
export function AddressForm({ settings, onChanged }: Props) {
  const words = systemWords.get().address;
  const [draft, setDraft] = useState<AddressDraft>(() => addressDraft(settings));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const say = (found: Record<string, string>) => {
    setErrors(found);
    const first = FIELDS[draft.kind].find((field) => hasOwn(found, field));
    if (first) focusField(`address-${first}`);
  };
  const change = async () => {
    const troubles = addressTroubles(draft);
    const said = troubles.map(({ field, code, entered = '' }) => [
      field,
      fill(words.trouble[code] ?? code, { entered: safeText(entered, 60) }),
    ]);
    say(Object.fromEntries(said));
    if (troubles.length > 0) return { ok: true } as const;
    const got = await call('PUT /api/network', { body: { address: addressOf(draft) } });
    if (!got.ok) return got;
    tellUnconfirmed('network', got.answer.unconfirmed);
    onChanged(got.answer);
    return got;
  };
  const onProblem = (problem: Problem) => {
    // `address.gateways.0`: the field is whichever name on the way is one.
    const fieldOf = (path: string) => path.split('.').find((name) => FIELDS.static.some((field) => field === name));
    const found = problem.fields?.map((one) => [fieldOf(one.path), fieldText(one)]).filter(([field]) => field) ?? [];
    if (found.length > 0) say(Object.fromEntries(found));
    else tell(problemText(problem), true);
  };
  const isSame = JSON.stringify(draft) === JSON.stringify(addressDraft(settings));
  return (
    <form class="address-form" onSubmit={(event) => event.preventDefault()}>
      <div class="address-kind">
        <Choice
          label={words.kind}
          options={KINDS.map((value) => ({ value, text: words.kinds[value] }))}
          value={draft.kind}
          onChoose={(kind) => setDraft({ ...draft, kind })}
        />
      </div>
      {draft.kind === 'none' && <p class="system-warn">{words.noneWarn}</p>}
      {FIELDS[draft.kind].map((field: AddressField) => (
        <Field
          key={field}
          label={words[field]}
          hint={words[`${field}Hint`]}
          error={errors[field]}
          control={(aria) =>
            field === 'vlan' ? (
              <input
                {...aria}
                data-field="address-vlan"
                type="text"
                class="short-input"
                inputMode="numeric"
                value={draft.vlan}
                onInput={(event) => setDraft({ ...draft, vlan: event.currentTarget.value })}
              />
            ) : (
              <textarea
                {...aria}
                data-field={`address-${field}`}
                class="wide-input"
                rows={2}
                spellcheck={false}
                autocapitalize="off"
                value={draft[field]}
                onInput={(event) => setDraft({ ...draft, [field]: event.currentTarget.value })}
              />
            )
          }
        />
      ))}
      <p class="aside">{words.confirmText}</p>
      <ActButton act={change} onProblem={onProblem} kind="main" submit disabled={isSame}>
        {words.change}
      </ActButton>
    </form>
  );
}
