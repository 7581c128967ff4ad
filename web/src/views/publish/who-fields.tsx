import { safeText } from '../../frame/safe-text.ts';
import { Choice } from '../../parts/choice.tsx';
import { Field } from '../../parts/field.tsx';
import type { Draft } from './draft.ts';
import { publishWords } from './words.ts';

type Props = {
  draft: Draft;
  change: (more: Partial<Draft>) => void;
  sites: readonly string[];
  errorAt: (at: keyof Draft) => string | undefined;
};

/** For whom it is. */
export function WhoFields({ draft, change, sites, errorAt }: Props) {
  const words = publishWords.get();
  const tick = (site: string, isWanted: boolean) =>
    change({ sites: isWanted ? [...draft.sites, site] : draft.sites.filter((other) => other !== site) });
  return (
    <section aria-labelledby="publish-who">
      <h3 id="publish-who" class="part-title">
        {words.who}
      </h3>
      <Choice
        label={words.who}
        options={[
          { value: 'all', text: words.everybody },
          { value: 'sites', text: words.someSites },
          { value: 'nodes', text: words.someNodes },
        ]}
        value={draft.who}
        onChoose={(who) => change({ who })}
      />
      {draft.who === 'all' && <p class="aside">{words.everybodyHint}</p>}
      {draft.who === 'sites' && (
        <fieldset>
          <legend>{words.sites}</legend>
          {errorAt('sites') && <p class="field-error">{errorAt('sites')}</p>}
          {sites.length === 0 && <p class="aside">{words.noSites}</p>}
          <div class="site-picks">
            {sites.map((site, i) => (
              <label key={site}>
                <input
                  type="checkbox"
                  data-field={i === 0 ? 'sites' : undefined}
                  checked={draft.sites.includes(site)}
                  onChange={(event) => tick(site, event.currentTarget.checked)}
                />
                <bdi>{safeText(site, 70)}</bdi>
              </label>
            ))}
          </div>
        </fieldset>
      )}
      {draft.who === 'nodes' && (
        <Field
          label={words.nodes}
          hint={words.nodesHint}
          error={errorAt('nodes')}
          control={(aria) => (
            <textarea
              {...aria}
              data-field="nodes"
              autocapitalize="off"
              spellcheck={false}
              value={draft.nodes}
              onInput={(event) => change({ nodes: event.currentTarget.value })}
            />
          )}
        />
      )}
    </section>
  );
}
