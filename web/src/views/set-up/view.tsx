import './set-up.css';
import '../system/system.css';
import '../settings/settings.css';
import '../../parts/rows.css';
import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { AddressStep } from './address-step.tsx';
import { DisksStep } from './disks-step.tsx';
import { EndStep } from './end-step.tsx';
import { LanguageStep } from './language-step.tsx';
import { LimitsStep } from './limits-step.tsx';
import { PasswordStep } from './password-step.tsx';
import { PortsStep } from './ports-step.tsx';
import { type Place, placeBefore, STEPS } from './set-up-steps.ts';
import { happens, setUp } from './set-up-store.ts';
import { TimeStep } from './time-step.tsx';
import { UndoList } from './undo-list.tsx';
import { setUpWords } from './words.ts';

const SHOWN: Record<Place, ComponentType> = {
  language: LanguageStep,
  password: PasswordStep,
  time: TimeStep,
  ports: PortsStep,
  address: AddressStep,
  disks: DisksStep,
  limits: LimitsStep,
  end: EndStep,
};

/** The set-up, one step at a time. It can be left and gone on with. */
export function View() {
  const words = setUpWords.get();
  const { at } = setUp.value;
  const title = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // Who goes on to the next step begins at its title; at the beginning the page has the focus.
    if (!isFirst.current) title.current?.focus();
    isFirst.current = false;
  }, [at]);
  const Shown = SHOWN[at];
  const n = at === 'end' ? STEPS.length : STEPS.indexOf(at) + 1;
  return (
    <div class="set-up">
      <h2>{words.title}</h2>
      <StepList />
      <section class="card pad" aria-labelledby="step-title">
        <p class="aside">{words.stepOf(n, STEPS.length)}</p>
        <h3 class="step-title" id="step-title" tabIndex={-1} ref={title}>
          {words.step[at]}
        </h3>
        <p class="step-lead">{words.lead[at]}</p>
        {at !== 'end' && <UndoList step={at} />}
        <Shown key={at} />
        {placeBefore(setUp.value) && (
          <p class="step-back">
            <button type="button" onClick={() => happens({ kind: 'back' })}>
              {words.back}
            </button>
          </p>
        )}
      </section>
    </div>
  );
}

function StepList() {
  const words = setUpWords.get();
  const { at, steps } = setUp.value;
  return (
    <ol class="step-list" aria-label={words.steps}>
      {STEPS.map((step) => (
        <li key={step} class={`step ${steps[step].state}`} aria-current={step === at ? 'step' : undefined}>
          {words.step[step]}
          <span class="unseen">{`: ${words.state[steps[step].state]}`}</span>
        </li>
      ))}
    </ol>
  );
}
