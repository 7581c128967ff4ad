import { useEffect, useRef, useState } from 'preact/hooks';
import type { ExplainView } from '#admin/contract.ts';
import type { Problem } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { Explained } from './explained.tsx';
import { looksLikeAddress, looksLikeEndpoint } from './question.ts';
import { flowsWords } from './words.ts';

/** Asks the box why a client's connections to a peer are steered or not. Asks at once when the address names them. */
export function Explain({ client, endpoint }: { client: string; endpoint: string }) {
  const words = flowsWords.get();
  const [from, setFrom] = useState(client);
  const [to, setTo] = useState(endpoint);
  const [found, setFound] = useState<readonly ExplainView[]>();
  const [problem, setProblem] = useState<Problem>();
  const asked = useRef<AbortController>(undefined);
  const [c, e] = [from.trim(), to.trim()];
  const isWrong = { client: c !== '' && !looksLikeAddress(c), endpoint: e !== '' && !looksLikeEndpoint(e) };
  const ask = async () => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    const query = { ...(c && { client: c }), ...(e && { endpoint: e }) };
    const got = await call('GET /api/explain', { query, signal: mine.signal });
    if (mine.signal.aborted) return { ok: true } as const;
    setFound(got.ok ? got.answer : undefined);
    setProblem(got.ok ? undefined : got.problem);
    return { ok: true } as const;
  };
  useEffect(() => {
    if (client !== '' || endpoint !== '') void ask();
    return () => asked.current?.abort();
  }, []);
  return (
    <section aria-labelledby="explain">
      <h2 id="explain">{words.explain}</h2>
      <div class="card pad">
        <form class="explain" onSubmit={(event) => event.preventDefault()}>
          <Field
            label={words.client}
            hint={words.clientHint}
            error={isWrong.client ? words.clientWrong : undefined}
            control={(aria) => (
              <input
                {...aria}
                maxLength={64}
                autocomplete="off"
                spellcheck={false}
                value={from}
                onInput={(event) => setFrom(event.currentTarget.value)}
              />
            )}
          />
          <Field
            label={words.endpoint}
            hint={words.endpointHint}
            error={isWrong.endpoint ? words.endpointWrong : undefined}
            control={(aria) => (
              <input
                {...aria}
                maxLength={64}
                autocomplete="off"
                spellcheck={false}
                value={to}
                onInput={(event) => setTo(event.currentTarget.value)}
              />
            )}
          />
          <ActButton submit kind="main" disabled={isWrong.client || isWrong.endpoint} act={ask}>
            {words.ask}
          </ActButton>
        </form>
        <p class="aside">{words.explainHint}</p>
        <ProblemNote problem={problem} />
        <div aria-live="polite">
          {found?.length === 0 && <p class="explained">{words.nothing}</p>}
          {found?.map((view) => (
            <Explained key={`${view.client} ${view.endpoint}`} view={view} />
          ))}
        </div>
      </div>
    </section>
  );
}
