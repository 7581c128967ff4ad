import type { DiskHealth } from '#admin/contract.ts';
import { safeText } from '../../frame/safe-text.ts';
import { saidCount, saidDuration } from '../../frame/said.ts';
import { disksWords } from './words.ts';

type Device = DiskHealth['devices'][number];
const HOUR_MS = 3_600_000;

/** What each device beneath a folder says of itself; what it does not say is left out. */
export function Devices({ devices }: { devices: readonly Device[] }) {
  return (
    <>
      {devices.map((device) => (
        <details key={device.name} class="device">
          <summary>
            <bdi>{safeText([device.name, device.model].filter(Boolean).join(' '), 80)}</bdi>
          </summary>
          <dl class="facts">
            {factsOf(device).map(([name, text]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </details>
      ))}
    </>
  );
}

function factsOf(device: Device): [string, string][] {
  const words = disksWords.get();
  const counted: [string, number | undefined][] = [
    [words.reallocated, device.reallocatedSectors],
    [words.pending, device.pendingSectors],
    [words.uncorrectable, device.uncorrectableSectors],
    [words.newBad, device.newBadSectors],
    [words.mediaErrors, device.mediaErrors],
  ];
  const facts: [string, string | undefined][] = [
    [words.device, device.serial && safeText(device.serial, 60)],
    [words.temperature, device.temperatureC === undefined ? undefined : `${device.temperatureC}\u00A0°C`],
    [
      words.hours,
      device.powerOnHours === undefined ? undefined : words.hoursAre(saidDuration(device.powerOnHours * HOUR_MS)),
    ],
    [words.percentUsed, device.percentUsed === undefined ? undefined : `${device.percentUsed}\u00A0%`],
    ...counted.map(([name, n]): [string, string | undefined] => [name, n === undefined ? undefined : saidCount(n)]),
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
}
