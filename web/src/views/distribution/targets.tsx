import { useState } from 'preact/hooks';
import type { FleetDistribution, FleetTarget } from '#admin/contract-fleet.ts';
import { isBad, reasonText, targetText } from '../../fleet/saying.ts';
import { bySite, SiteGroup } from '../../fleet/site-group.tsx';
import { fleetWords } from '../../fleet/words.ts';
import { call } from '../../frame/call.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidCount, saidDate, saidShare } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { tell } from '../../frame/tell.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { Choice } from '../../parts/choice.tsx';

const KINDS = ['all', 'rest', 'failed'] as const;
type Kind = (typeof KINDS)[number];
const isOf: Record<Kind, (target: FleetTarget) => boolean> = {
  all: () => true,
  rest: ({ state }) => state !== 'done',
  failed: isBad,
};
/** So many rows are shown unfolded; of more, those that failed come first. */
const OPEN_ROWS = 60;

type Props = { distribution: FleetDistribution; rows: readonly FleetTarget[]; onChanged: () => void };

/** Every node of a distribution, by site. */
export function Targets({ distribution, rows, onChanged }: Props) {
  const words = fleetWords.get();
  const [chosen, setKind] = useState<Kind>();
  const kind = chosen ?? (rows.length > OPEN_ROWS && rows.some(isBad) ? 'failed' : 'all');
  const wanted = rows.filter(isOf[kind]);
  const sites = bySite(wanted);
  const whole = new Map(bySite(rows));
  return (
    <section class="panel" aria-labelledby="by-site">
      <div class="heading">
        <h3 id="by-site" class="part-title">
          {words.bySite}
        </h3>
        <Choice
          label={words.show}
          options={KINDS.map((value) => ({
            value,
            text: { all: words.all, rest: words.onlyNotDone, failed: words.onlyFailing }[value],
          }))}
          value={kind}
          onChoose={setKind}
        />
      </div>
      <div class="card">
        {sites.map(([site, targets]) => (
          <Site
            key={`${kind} ${site}`}
            site={site}
            targets={targets}
            all={whole.get(site) ?? targets}
            distribution={distribution}
            isOpen={wanted.length <= OPEN_ROWS}
            onChanged={onChanged}
          />
        ))}
        {sites.length === 0 && <p class="empty aside">{words.noneFound}</p>}
      </div>
    </section>
  );
}

type SiteProps = {
  site: string;
  targets: readonly FleetTarget[];
  /** Of the site, those that are not shown, too. */
  all: readonly FleetTarget[];
  distribution: FleetDistribution;
  isOpen: boolean;
  onChanged: () => void;
};

/** Who failed first, then who is not done, relays before terminals. */
const rank = (target: FleetTarget): number =>
  (isBad(target) ? 0 : target.state === 'done' ? 4 : 2) + (target.role === 'relay' ? 0 : 1);

function Site({ site, targets, all, distribution, isOpen, onChanged }: SiteProps) {
  const words = fleetWords.get();
  const done = all.filter(({ state }) => state === 'done').length;
  const failed = all.filter(isBad).length;
  const rows = [...targets].sort((a, b) => rank(a) - rank(b) || a.node.localeCompare(b.node, 'en', { numeric: true }));
  return (
    <SiteGroup
      site={site || '?'}
      rows={rows}
      isOpen={isOpen}
      says={
        <>
          <span class="aside">{words.doneOf(saidCount(done), saidCount(all.length))}</span>
          {failed > 0 && <i class="badge bad">{words.failedNodes(failed)}</i>}
        </>
      }
      kind="targets"
      columns={[words.node, words.roleTitle, words.stateTitle]}
      row={(target) => <Row key={target.node} target={target} distribution={distribution} onChanged={onChanged} />}
    />
  );
}

function Row({
  target,
  distribution,
  onChanged,
}: {
  target: FleetTarget;
  distribution: FleetDistribution;
  onChanged: () => void;
}) {
  const words = fleetWords.get();
  const { id, sizeBytes, state: over } = distribution;
  const { node, role, state, why, detail, haveBytes, changedMs, tries, install } = target;
  const bad = isBad(target);
  const reason = install?.why ?? why;
  const more = install?.why ? install.detail : detail;
  const retry = async () => {
    const done = await call('POST /api/fleet/distributions/{id}/retry', { params: { id }, body: { node } });
    if (done.ok) {
      tell(words.retried);
      onChanged();
    }
    return done;
  };
  return (
    <tr>
      <td>
        <a href={hashOf(`/nodes/${encodeURIComponent(node)}`)}>
          <bdi>{safeText(node, 70)}</bdi>
        </a>
      </td>
      <td>{words.role[role]}</td>
      <td class="says">
        <b class={bad ? 'bad-text' : ''}>{targetText(target)}</b>{' '}
        {state !== 'done' && haveBytes > 0 && <span>{words.here(saidShare(haveBytes / sizeBytes))}</span>}
        {install && <span class="aside"> {words.wave(install.wave + 1)}</span>}
        {reason && (
          <p>
            <bdi>{reasonText(reason)}</bdi>
          </p>
        )}
        {more && (
          <p class="aside">
            <bdi>{safeText(more, 300)}</bdi>
          </p>
        )}
        <p class="aside">
          {saidDate(changedMs)}
          {tries > 1 && `, ${words.tries(tries)}`}
        </p>
        {bad && over !== 'cancelled' && may('operate') && <ActButton act={retry}>{words.retryOne}</ActButton>}
      </td>
    </tr>
  );
}
