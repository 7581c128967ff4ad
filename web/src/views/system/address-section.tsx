import { safeText } from '../../frame/safe-text.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { AddressForm } from './address-form-shown.tsx';
import { systemWords } from './words.ts';

export function AddressSection() {
  const words = systemWords.get().address;
  const { answer, problem, again } = useAsked('GET /api/network', {}, 5000);
  return (
    <section class="card pad" aria-labelledby="address-title">
      <h3 class="system-title" id="address-title">
        {words.title}
      </h3>
      <p class="system-lead">{words.text}</p>
      <ProblemNote problem={problem} again={again} />
      {answer && (
        <>
          <dl class="facts">
            <div>
              <dt>{words.now}</dt>
              <dd>{answer.addresses.map((one) => safeText(one, 60)).join(', ') || words.nowNone}</dd>
            </div>
            <div>
              <dt>{words.hostName}</dt>
              <dd>{safeText(answer.hostName, 80)}</dd>
            </div>
          </dl>
          {answer.canChange ? (
            may('administer') && (
              <AddressForm
                // What somebody else set, or what took itself back, is what is changed next.
                key={JSON.stringify(answer.settings)}
                settings={answer.settings}
                onChanged={() => {
                  tell(words.changed);
                  again();
                }}
              />
            )
          ) : (
            <p class="system-note">{words.cannot}</p>
          )}
        </>
      )}
    </section>
  );
}
