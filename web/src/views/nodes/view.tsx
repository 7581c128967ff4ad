import { useState } from 'preact/hooks';
import type { FleetNode } from '#admin/contract-fleet.ts';
import { fleet } from '../../fleet/live-fleet.ts';
import { bySite, SiteGroup } from '../../fleet/site-group.tsx';
import { useNodes } from '../../fleet/use-changes.ts';
import { fleetWords } from '../../fleet/words.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { hashOf } from '../../frame/route.ts';
import { go } from '../../frame/router.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount } from '../../frame/said.ts';
import type { ViewProps } from '../../frame/view-entry.ts';
import { Choice } from '../../parts/choice.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { NodeOnline } from './node-online.tsx';
import { isKind, KINDS, type Kind, wantedNodes } from './wanted-nodes.ts';

/** So many nodes are shown unfolded. */
const OPEN_NODES = 60;

export function View({ query }: ViewProps) {
  const words = fleetWords.get();
  const { rows, problem, again } = useNodes(fleet.value?.nodesRev);
  const [text, setText] = useState(query.get('q') ?? '');
  const asked = query.get('show');
  const kind = isKind(asked) ? asked : 'all';
  const all = rows ? [...rows.values()] : [];
  const online = all.filter((node) => node.online).length;
  const wanted = wantedNodes(all, text, kind);
  const sites = bySite(wanted);
  const whole = new Map(bySite(all));
  const showKind = (show: Kind) => go('/nodes', show === 'all' ? {} : { show }, true);
  return (
    <>
      <div class="heading">
        <h2>
          {frameWords.get().views.nodes}
          {rows && (
            <span class="count" data-figure="online">
              {words.siteOnline(saidCount(online), saidCount(all.length))}
            </span>
          )}
        </h2>
      </div>
      <ProblemNote problem={problem} again={again} />
      {!rows && !problem && <p class="connecting">{frameWords.get().loading}</p>}
      {rows && all.length === 0 && (
        <div class="card empty">
          <b>{words.noNodes}</b>
          <p>{words.noNodesHint}</p>
        </div>
      )}
      {all.length > 0 && (
        <>
          <div class="filters">
            <input
              type="search"
              aria-label={words.search}
              placeholder={words.searchHint}
              maxLength={100}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <Choice
              label={words.show}
              options={KINDS.map((value) => ({
                value,
                text: {
                  all: words.all,
                  offline: words.onlyOffline,
                  lacking: words.onlyLacking,
                  failing: words.onlyFailing,
                }[value],
              }))}
              value={kind}
              onChoose={showKind}
            />
          </div>
          <div class="card">
            {sites.map(([site, nodes]) => (
              <Site
                key={`${kind} ${site}`}
                site={site}
                nodes={nodes}
                all={whole.get(site) ?? nodes}
                isOpen={wanted.length <= OPEN_NODES}
              />
            ))}
            {wanted.length === 0 && <p class="empty aside">{words.noneFound}</p>}
          </div>
        </>
      )}
    </>
  );
}

type SiteProps = {
  site: string;
  nodes: readonly FleetNode[];
  /** Those that are not shown, too. */
  all: readonly FleetNode[];
  isOpen: boolean;
};

function Site({ site, nodes, all, isOpen }: SiteProps) {
  const words = fleetWords.get();
  const online = all.filter((node) => node.online).length;
  const failing = all.reduce((sum, node) => sum + node.failing, 0);
  return (
    <SiteGroup
      site={site}
      rows={nodes}
      isOpen={isOpen}
      says={
        <>
          <span class="aside">{words.siteOnline(saidCount(online), saidCount(all.length))}</span>
          {failing > 0 && <i class="badge bad">{words.failing(failing)}</i>}
        </>
      }
      kind="nodes"
      columns={[words.node, words.roleTitle, words.stateTitle, words.lacks, words.freeDisk, words.version]}
      row={(node) => <NodeRow key={node.name} node={node} />}
    />
  );
}

function NodeRow({ node }: { node: FleetNode }) {
  const words = fleetWords.get();
  return (
    <tr>
      <td>
        <a href={hashOf(`/nodes/${encodeURIComponent(node.name)}`)}>
          <bdi>{safeText(node.name, 70)}</bdi>
        </a>
      </td>
      <td>{words.role[node.role]}</td>
      <td>
        <NodeOnline node={node} />
      </td>
      <td>
        {node.lacks === 0 ? <span class="aside">{words.lacksNothing}</span> : words.lacksMany(node.lacks)}
        {node.failing > 0 && <span class="bad-text"> {words.failing(node.failing)}</span>}
      </td>
      <td>{saidBytes(node.freeBytes)}</td>
      <td>
        <bdi>{safeText(node.version, 40)}</bdi>
      </td>
    </tr>
  );
}
