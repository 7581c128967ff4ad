import { safeText } from '../../frame/safe-text.ts';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { AddressForm } from '../system/address-form-shown.tsx';
import { systemWords } from '../system/words.ts';
import { happens } from './set-up-store.ts';
import { SkipButton } from './skip-button.tsx';
import { setUpWords } from './words.ts';

export function AddressStep() {
  const words = systemWords.get().address;
  const { answer, problem, again } = useAsked('GET /api/network', {}, 5000);
  return (
    <>
      <ProblemNote problem={problem} again={again} />
      {answer && (
        <dl class="facts">
          <div>
            <dt>{words.now}</dt>
            <dd>{answer.addresses.map((one) => safeText(one, 60)).join(', ') || words.nowNone}</dd>
          </div>
        </dl>
      )}
      {answer && !answer.canChange && <p class="system-note">{words.cannot}</p>}
      {answer?.canChange && (
        <AddressForm
          key={JSON.stringify(answer.settings)}
          settings={answer.settings}
          onChanged={() => {
            happens({ kind: 'did', step: 'address', undo: { kind: 'address', address: answer.settings } });
            again();
          }}
        />
      )}
      <SkipButton step="address" text={setUpWords.get().asItIs} />
    </>
  );
}
