import type { ComponentChildren } from 'preact';
import type { TaskDetail } from '#admin/contract-tasks.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes, saidCount, saidDate } from '../../frame/said.ts';
import { language } from '../../frame/words.ts';
import { torrentsWords } from '../torrents/words.ts';

const Row = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** What was counted of a torrent, where it lies, and what it is called. */
export function Figures({ task }: { task: TaskDetail }) {
  const words = torrentsWords.get();
  const times = task.filledBytes > 0 ? task.servedBytes / task.filledBytes : 0;
  const oneDigit = (n: number) => n.toLocaleString(language.value, { maximumFractionDigits: 1 });
  return (
    <section class="panel" aria-labelledby="figures">
      <h3 id="figures" class="part-title">
        {words.figures}
      </h3>
      <dl class="card pad facts">
        <Row name={words.here}>{saidBytes(task.haveBytes)}</Row>
        <Row name={words.servedTotal}>{saidBytes(task.servedBytes)}</Row>
        <Row name={words.fetchedTotal}>
          {saidBytes(task.filledBytes)}
          {times > 0 && <span class="aside block">{words.times(oneDigit(times))}</span>}
        </Row>
        {task.limitMbps !== undefined && <Row name={words.limitIs}>{words.mbps(saidCount(task.limitMbps))}</Row>}
        <Row name={words.firstSeen}>{saidDate(task.addedAtMs)}</Row>
        <Row name={words.lastAsked}>
          {task.lastAskedAtMs === undefined ? words.never : saidDate(task.lastAskedAtMs)}
        </Row>
        <Row name={words.disks}>
          {task.disks.length === 0
            ? '–'
            : task.disks.map((disk) => (
                <a key={disk} class="block" href={hashOf('/torrents', { disk })}>
                  <bdi>{safeText(disk, 80)}</bdi>
                </a>
              ))}
        </Row>
        <Row name={words.infoHash}>
          <code>{safeText(task.infoHash, 40)}</code>
        </Row>
        {task.infoHashV2 && (
          <Row name={words.infoHashV2}>
            <code>{safeText(task.infoHashV2, 64)}</code>
          </Row>
        )}
        <Row name={words.trackers}>
          {task.trackers.length === 0 && <span class="aside">{words.noTrackers}</span>}
          {task.trackers.map((tracker) => (
            <bdi key={tracker} class="address block">
              {safeText(tracker, 200)}
            </bdi>
          ))}
        </Row>
      </dl>
    </section>
  );
}
