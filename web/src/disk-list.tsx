import type { DiskHealth, DiskView } from '#admin/contract.ts';
import { bytes, joined } from './format.ts';
import { say, useSpeech } from './language.ts';
import { safeText } from './safe-text.ts';
import type { Words } from './words-en.ts';

/** The disks that hold pieces: what they have room for, and what they say of themselves. */
export function DiskList({ disks }: { disks: readonly DiskView[] }) {
  const { words } = useSpeech();
  if (disks.length === 0) return null;
  return (
    <div class="disks">
      <h3>{words.disks}</h3>
      <ul>
        {disks.map((disk) => (
          <Disk key={disk.path} disk={disk} />
        ))}
      </ul>
    </div>
  );
}

function Disk({ disk }: { disk: DiskView }) {
  const { words, language } = useSpeech();
  const { path, state, health, freeBytes } = disk;
  const devices = health?.devices ?? [];
  const room = state === 'gone' ? words.diskState.gone : words.free(joined(bytes(freeBytes, language)));
  const hottest = Math.max(...devices.flatMap(({ temperatureC }) => temperatureC ?? []));
  return (
    <li class={`disk ${state} ${health?.worn ? 'worn' : ''}`}>
      <p>
        <b>{safeText(path, 60)}</b> <span>{words.diskKind[disk.kind]}</span>
      </p>
      <p class="room">{state === 'failing' ? words.diskState.failing : room}</p>
      {health && (
        <p class="aside">
          <span class="verdict">{said(health, words)}</span>
          {Number.isFinite(hottest) && <span>{`${hottest}\u00A0°C`}</span>}
          {devices.map(({ name, model }) => (
            <span key={name}>{safeText(model === undefined ? name : `${name} ${model}`, 60)}</span>
          ))}
        </p>
      )}
    </li>
  );
}

function said({ verdict, why, worn }: DiskHealth, words: Words): string {
  if (worn) return say(words.wornOf, worn);
  return verdict === 'unknown' && why ? say(words.silent, why) : words.verdictOf[verdict];
}
