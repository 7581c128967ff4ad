import type { DiskView } from '#admin/contract.ts';
import { hashOf } from '../../frame/route.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidBytes } from '../../frame/said.ts';
import { saidHealth } from '../../parts/disk-says.ts';
import { diskReasons } from '../../words/reasons.ts';
import { dashboardWords } from './words.ts';

/** The disks that hold pieces: what they have room for, and what they say of themselves. */
export function DiskList({ disks }: { disks: readonly DiskView[] }) {
  const words = dashboardWords.get();
  if (disks.length === 0) return null;
  return (
    <div class="disks">
      <h3>
        <a href={hashOf('/disks')}>{words.disks}</a>
      </h3>
      <ul>
        {disks.map((disk) => (
          <Disk key={disk.path} disk={disk} />
        ))}
      </ul>
    </div>
  );
}

function Disk({ disk }: { disk: DiskView }) {
  const words = dashboardWords.get();
  const reasons = diskReasons.get();
  const { path, state, health, freeBytes } = disk;
  const devices = health?.devices ?? [];
  const room = state === 'gone' ? reasons.diskState.gone : words.free(saidBytes(freeBytes));
  const hottest = Math.max(...devices.flatMap(({ temperatureC }) => temperatureC ?? []));
  return (
    <li class={`disk ${state} ${health?.worn ? 'worn' : ''}`}>
      <p>
        <b>{safeText(path, 60)}</b> <span>{reasons.diskKind[disk.kind]}</span>
      </p>
      <p class="room">{state === 'failing' ? reasons.diskState.failing : room}</p>
      {health && (
        <p class="aside">
          <span class="verdict">{saidHealth(health)}</span>
          {Number.isFinite(hottest) && <span>{`${hottest}\u00A0°C`}</span>}
          {devices.map(({ name, model }) => (
            <span key={name}>{safeText(model === undefined ? name : `${name} ${model}`, 60)}</span>
          ))}
        </p>
      )}
    </li>
  );
}
