import { useEffect, useState } from 'preact/hooks';
import type { SettingGroup } from '#admin/contract-settings.ts';
import { hashOf } from '../../frame/route.ts';
import { go } from '../../frame/router.ts';
import { may } from '../../frame/session.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { FieldInput } from './field-input.tsx';
import { Review } from './review.tsx';
import { problemSentence } from './setting-text.ts';
import { changes, check, discard, fields, problems, settings, stale, wrongPath } from './settings-store.ts';
import { settingsWords } from './words.ts';

/** The settings of one group, and below them what was changed in any. */
export function SettingsForm({ group }: { group: SettingGroup }) {
  const words = settingsWords.get();
  const isReadOnly = !may('administer');
  const waits = (settings.value?.waitingForRestart.length ?? 0) > 0;
  return (
    <form class="settings-form" onSubmit={(event) => event.preventDefault()}>
      {isReadOnly && <p class="settings-note">{words.mayOnlyLook}</p>}
      {waits && (
        <p class="settings-note">
          {words.waits} <a href={hashOf('/system/restart')}>{words.restartNow}</a>
        </p>
      )}
      <section class="card pad" aria-labelledby="settings-group">
        <h3 class="settings-group" id="settings-group">
          {words.group[group]}
        </h3>
        {fields.value
          .filter((field) => field.group === group)
          .map((field) => (
            <FieldInput key={field.path} field={field} isReadOnly={isReadOnly} />
          ))}
      </section>
      {!isReadOnly && <SaveBar />}
    </form>
  );
}

function SaveBar() {
  const words = settingsWords.get();
  const [isReviewing, setReviewing] = useState(false);
  const [wantsFocus, setWantsFocus] = useState(0);
  const count = changes.value.length;
  useEffect(() => {
    if (wantsFocus > 0) focusWrong();
  }, [wantsFocus]);
  useEffect(() => {
    if (count === 0) return;
    const hold = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, [count === 0]);
  if (count === 0 && !isReviewing) return null;
  const look = async () => {
    const done = await check();
    if (done.ok && done.isRight) setReviewing(true);
    else if (done.ok) setWantsFocus(wantsFocus + 1);
    return done;
  };
  const { at, elsewhere } = problems.value;
  return (
    <section class="save-bar" aria-label={words.changes(count)}>
      <div role="status">
        <p>{words.changes(count)}</p>
        {at.size > 0 && <p class="field-error">{words.wrong(at.size)}</p>}
        {elsewhere.map((one) => (
          <p class="field-error" key={one.path + one.code}>
            {words.elsewhere} {one.path} {problemSentence(one)}
          </p>
        ))}
        {stale.value && !isReviewing && <p>{words.stale}</p>}
      </div>
      <button type="button" onClick={discard}>
        {words.discard}
      </button>
      <ActButton act={look} kind="main" submit>
        {words.review}
      </ActButton>
      {isReviewing && (
        <Review
          onClose={() => setReviewing(false)}
          onWrong={() => {
            setReviewing(false);
            setWantsFocus(wantsFocus + 1);
          }}
        />
      )}
    </section>
  );
}

/** Opens the group of the first wrong field, and puts the focus into it. */
function focusWrong(): void {
  const path = wrongPath.peek();
  const field = fields.peek().find((one) => one.path === path);
  if (!field) return;
  go(`/settings/${field.group}`);
  // The group is drawn after the address has changed.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const holder = document.querySelector(`[data-path="${CSS.escape(field.path)}"]`);
      const control =
        holder?.querySelector<HTMLElement>('input[aria-invalid="true"], textarea[aria-invalid="true"]') ??
        holder?.querySelector<HTMLElement>('[aria-invalid="true"], fieldset.hours');
      control?.focus();
    }),
  );
}
