import { useState } from 'preact/hooks';
import type { MadeToken, TokenView } from '#admin/contract-access.ts';
import type { Right } from '#admin/contract-common.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidAgo, saidDate } from '../../frame/said.ts';
import { tell } from '../../frame/tell.tsx';
import { useAsked } from '../../frame/use-asked.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { RightChoice } from './right-choice.tsx';
import { accountWords } from './words.ts';

export function TokensSection() {
  const words = accountWords.get();
  const { answer, problem, again } = useAsked('GET /api/tokens', {});
  const [removed, setRemoved] = useState<TokenView>();
  const [made, setMade] = useState<MadeToken>();
  const remove = async (token: TokenView) => {
    const got = await call('DELETE /api/tokens/{id}', { params: { id: token.id } });
    if (got.ok) {
      tell(words.removed);
      again();
    }
    return got;
  };
  return (
    <>
      <section class="card pad" aria-labelledby="tokens-title">
        <h3 class="account-title" id="tokens-title">
          {words.tokensTitle}
        </h3>
        <p class="account-lead">{words.tokensText}</p>
        <ProblemNote problem={problem} again={again} />
        {answer?.tokens.length === 0 && <p class="aside">{words.noTokens}</p>}
        <ul class="rows">
          {answer?.tokens.map((token) => (
            <li key={token.id}>
              <div>
                <p>
                  <b>
                    <bdi>{safeText(token.name, 64)}</bdi>
                  </b>{' '}
                  <i class="badge">{words.right[token.right]}</i>
                </p>
                <p class="aside">{told(token)}</p>
              </div>
              <button type="button" onClick={() => setRemoved(token)}>
                {words.remove}
                <span class="unseen">{`: ${safeText(token.name, 64)}`}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <NewTokenForm
        onMade={(token) => {
          setMade(token);
          again();
        }}
      />
      {made && <Made token={made} onClose={() => setMade(undefined)} />}
      {removed && (
        <Confirm
          title={words.removeTokenTitle(safeText(removed.name, 64))}
          yes={words.remove}
          isDangerous
          act={() => remove(removed)}
          onClose={() => setRemoved(undefined)}
        >
          <p>{words.removeTokenText}</p>
        </Confirm>
      )}
    </>
  );
}

function told({ createdBy, createdAtMs, expiresAtMs, lastUsedAtMs }: TokenView): string {
  const words = accountWords.get();
  return [
    words.tokenMade(safeText(createdBy, 40), saidDate(createdAtMs)),
    expiresAtMs === undefined ? undefined : words.tokenEnds(saidDate(expiresAtMs)),
    lastUsedAtMs === undefined ? words.tokenUnused : words.tokenUsed(saidAgo(lastUsedAtMs, Date.now())),
  ]
    .filter((text) => text !== undefined)
    .join(' · ');
}

/** Days; 0: no end. */
const SPANS = [30, 90, 365, 0];

function NewTokenForm({ onMade }: { onMade: (token: MadeToken) => void }) {
  const words = accountWords.get();
  const [name, setName] = useState('');
  const [right, setRight] = useState<Right>('look');
  const [days, setDays] = useState(90);
  const make = async () => {
    const body = { name: name.trim(), right, ...(days > 0 && { days }) };
    const got = await call('POST /api/tokens', { body });
    if (got.ok) {
      setName('');
      onMade(got.answer);
    }
    return got;
  };
  return (
    <form class="card pad" onSubmit={(event) => event.preventDefault()} aria-labelledby="new-token">
      <h3 class="account-title" id="new-token">
        {words.newToken}
      </h3>
      <Field
        label={words.tokenName}
        control={(aria) => (
          <input
            {...aria}
            type="text"
            class="wide-input"
            maxLength={64}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      />
      <RightChoice name="token-right" value={right} onChange={setRight} />
      <Field
        label={words.days}
        control={(aria) => (
          <select {...aria} value={String(days)} onChange={(event) => setDays(Number(event.currentTarget.value))}>
            {SPANS.map((span) => (
              <option key={span} value={String(span)}>
                {span === 0 ? words.noEnd : words.daysOf(span)}
              </option>
            ))}
          </select>
        )}
      />
      <ActButton act={make} kind="main" submit disabled={name.trim() === ''}>
        {words.makeToken}
      </ActButton>
    </form>
  );
}

function Made({ token, onClose }: { token: MadeToken; onClose: () => void }) {
  const words = accountWords.get();
  const copy = async () => {
    // Over plain HTTP the browser has no clipboard for pages: then it is marked, and copied by hand.
    try {
      await navigator.clipboard.writeText(token.token);
      tell(words.copied);
    } catch {
      const shown = document.getElementById('made-token');
      if (shown) getSelection()?.selectAllChildren(shown);
    }
  };
  return (
    <Dialog title={words.madeTitle} onClose={onClose}>
      <p>{words.madeText}</p>
      <code class="made-token" id="made-token">
        {token.token}
      </code>
      <footer>
        <button type="button" onClick={() => void copy()} data-first>
          {words.copy}
        </button>
        <button type="button" class="main" onClick={onClose}>
          {words.done}
        </button>
      </footer>
    </Dialog>
  );
}
