import type { ComponentChildren } from 'preact';
import type { DiskView } from '#admin/contract.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { live, snapshot } from '../../frame/live-box.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidAgo, saidBytes } from '../../frame/said.ts';
import { may } from '../../frame/session.ts';
import { language } from '../../frame/words.ts';
import { saidHealth } from '../../parts/disk-says.ts';
import { diskReasons } from '../../words/reasons.ts';
import { Devices } from './devices.tsx';
import './disks.css';
import { disksWords } from './words.ts';

/** The disks that hold pieces, and how well they are. What can be done with them is below System. */
export function View() {
  const words = disksWords.get();
  const box = snapshot.value;
  if (!box) return live.value.link.kind === 'lost' ? null : <p class="connecting">{frameWords.get().connecting}</p>;
  const { disks } = box;
  const free = disks.reduce((sum, disk) => sum + (disk.state === 'gone' ? 0 : disk.freeBytes), 0);
  return (
    <div class="disks-view">
      <div class="heading">
        <h2>
          {frameWords.get().views.disks}
          {disks.length > 0 && <span class="count">{words.sums(disks.length, saidBytes(free))}</span>}
        </h2>
        {may('operate') && <a href={hashOf('/system/disks')}>{words.manage}</a>}
      </div>
      {disks.length === 0 && <p class="card empty">{words.none}</p>}
      <ul class="disk-cards">
        {disks.map((disk) => (
          <Disk key={disk.path} disk={disk} nowMs={box.nowMs} />
        ))}
      </ul>
      <p class="panel">
        <a href={hashOf('/what-if')}>{words.whatIf}</a>
      </p>
    </div>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function Disk({ disk, nowMs }: { disk: DiskView; nowMs: number }) {
  const words = disksWords.get();
  const reasons = diskReasons.get();
  const { path, state, health, usableBytes, freeBytes, errors } = disk;
  const used = usableBytes > 0 ? 1 - freeBytes / usableBytes : 0;
  const oneDigit = (n: number) => n.toLocaleString(language.value, { maximumFractionDigits: 1 });
  return (
    <li class={`card pad disk-card ${state} ${health?.worn ? 'worn' : ''}`}>
      <header>
        <h3>
          <bdi>{safeText(path, 80)}</bdi> <span class="aside">{reasons.diskKind[disk.kind]}</span>
        </h3>
        <b class="disk-state">{state === 'good' && health?.worn ? saidHealth(health) : reasons.diskState[state]}</b>
      </header>
      {state !== 'gone' && (
        <>
          <p>{words.free(saidBytes(freeBytes), saidBytes(usableBytes))}</p>
          <progress value={Math.max(0, used)} max={1} aria-label={words.room} />
        </>
      )}
      <p class="disk-torrents">
        <a href={hashOf('/torrents', { disk: path })}>{words.torrents(disk.torrents)}</a>
      </p>
      <dl class="facts">
        <Fact name={words.speed}>
          {disk.writeMBps > 0 ? words.speedIs(oneDigit(disk.writeMBps)) : words.speedUnknown}
        </Fact>
        <Fact name={words.cost}>{words.costIs(oneDigit(disk.costMs))}</Fact>
        <Fact name={words.errors}>
          <span class={errors > 0 ? 'bad' : ''}>{errors > 0 ? words.errorsAre(errors) : words.noErrors}</span>
        </Fact>
        <Fact name={words.scrub}>
          <Scrub disk={disk} nowMs={nowMs} />
        </Fact>
        {health && <Fact name={words.health}>{saidHealth(health)}</Fact>}
      </dl>
      {health && health.devices.length > 0 && <Devices devices={health.devices} />}
    </li>
  );
}

/** What was verified while nobody used it. */
function Scrub({ disk: { scrub }, nowMs }: { disk: DiskView; nowMs: number }) {
  const words = disksWords.get();
  if (!scrub) return <>{words.scrubNone}</>;
  return (
    <>
      {words.scrubRead(scrub.piecesRead)}
      {scrub.badPieces > 0 && <span class="bad block">{words.scrubBad(scrub.badPieces)}</span>}
      {scrub.lastPassEndedMs !== undefined && (
        <span class="aside block">{words.scrubPass(saidAgo(scrub.lastPassEndedMs, nowMs))}</span>
      )}
    </>
  );
}
