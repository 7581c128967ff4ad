import { may } from '../../frame/session.ts';
import { Choice } from '../../parts/choice.tsx';
import type { Draft } from './draft.ts';
import { TextField } from './text-field.tsx';
import { publishWords } from './words.ts';

type Props = {
  draft: Draft;
  change: (more: Partial<Draft>) => void;
  errorAt: (at: keyof Draft) => string | undefined;
};

/** What it is, when and how fast it travels, and when it is over. */
export function HowFields({ draft, change, errorAt }: Props) {
  const words = publishWords.get();
  const field = (name: 'rateMBps' | 'quorum' | 'days' | 'from' | 'until') => ({
    name,
    value: draft[name],
    error: errorAt(name),
    onChange: (value: string) => change({ [name]: value }),
  });
  return (
    <section aria-labelledby="publish-how">
      <h3 id="publish-how" class="part-title">
        {words.how}
      </h3>
      {may('administer') && (
        <Choice
          label={words.kind}
          options={[
            { value: 'files', text: words.asFiles },
            { value: 'firmware', text: words.asFirmware },
          ]}
          value={draft.kind}
          onChoose={(kind) => change({ kind })}
        />
      )}
      {draft.kind === 'firmware' && <FirmwareFields draft={draft} change={change} errorAt={errorAt} />}
      <label class="tick">
        <input
          type="checkbox"
          data-field="isAtNight"
          checked={draft.isAtNight}
          onChange={(event) => change({ isAtNight: event.currentTarget.checked })}
        />
        <span>
          {words.night}
          <span class="aside">{words.nightHint}</span>
        </span>
      </label>
      {draft.isAtNight && (
        <div class="pairs">
          <TextField {...field('from')} label={words.from} kind="time" />
          <TextField {...field('until')} label={words.until} kind="time" />
        </div>
      )}
      <div class="pairs">
        <TextField {...field('rateMBps')} label={words.rate} hint={words.rateHint} most={12} />
        <TextField {...field('quorum')} label={words.quorum} hint={words.quorumHint} most={6} />
        <TextField {...field('days')} label={words.days} most={6} />
      </div>
    </section>
  );
}

function FirmwareFields({ draft, change, errorAt }: Props) {
  const words = publishWords.get();
  const field = (name: 'compatible' | 'version' | 'waves' | 'mostFailed') => ({
    name,
    value: draft[name],
    error: errorAt(name),
    onChange: (value: string) => change({ [name]: value }),
  });
  return (
    <div class="pairs">
      <TextField {...field('compatible')} label={words.compatible} hint={words.compatibleHint} kind="wide" />
      <TextField {...field('version')} label={words.version} kind="wide" />
      <TextField {...field('waves')} label={words.waves} hint={words.wavesHint} kind="wide" />
      <TextField {...field('mostFailed')} label={words.mostFailed} most={6} />
    </div>
  );
}
