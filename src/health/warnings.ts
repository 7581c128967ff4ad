import { HEALTH_LIMITS } from './limits.ts';
import type { DeviceHealth, DiskHealth, HealthView, HealthWarning, WornWhy } from './view.ts';

/** What in this view a person should do something about, worst first. */
export function healthWarnings(view: HealthView): HealthWarning[] {
  const found: HealthWarning[] = [];
  for (const port of view.ports) {
    if (port.rxBytesPerS === 'unknown' && port.errors === 'unknown')
      found.push({ code: 'port-missing', severity: 'bad', detail: { port: port.name } });
    else if (port.link === 'down') found.push({ code: 'port-down', severity: 'bad', detail: { port: port.name } });
  }
  const { totalBytes, freeBytes, path } = view.disk;
  if (totalBytes === 'unknown' || freeBytes === 'unknown')
    found.push({ code: 'disk-unknown', severity: 'bad', detail: { path } });
  else if (freeBytes < totalBytes * HEALTH_LIMITS.diskLowShare)
    found.push({ code: 'disk-low', severity: 'warn', detail: { path, freeBytes } });
  const memory = view.memory;
  if (
    memory.totalBytes !== 'unknown' &&
    memory.availableBytes !== 'unknown' &&
    memory.availableBytes < memory.totalBytes * HEALTH_LIMITS.memoryLowShare
  )
    found.push({ code: 'memory-low', severity: 'warn', detail: { availableBytes: memory.availableBytes } });
  if (view.loadPercent !== 'unknown' && view.loadPercent > HEALTH_LIMITS.loadHighPercent)
    found.push({ code: 'load-high', severity: 'warn', detail: { percent: Math.round(view.loadPercent) } });
  return found.toSorted((a, b) => Number(b.severity === 'bad') - Number(a.severity === 'bad'));
}

const WORN: Readonly<Record<WornWhy, Pick<HealthWarning, 'code' | 'severity'>>> = {
  'says-failing': { code: 'disk-worn', severity: 'bad' },
  'bad-sectors': { code: 'disk-sectors', severity: 'warn' },
  'used-up': { code: 'disk-used-up', severity: 'warn' },
  hot: { code: 'disk-hot', severity: 'warn' },
};

/** Of the devices beneath one folder. */
export const wearWarnings = (path: string, health: DiskHealth | undefined): HealthWarning[] =>
  (health?.devices ?? []).flatMap((device) => {
    if (device.worn === undefined) return [];
    const { newBadSectors: count = 0, percentUsed: percent = 0, temperatureC: celsius = '?' } = device;
    return [{ ...WORN[device.worn], detail: { path, name: nameOf(device), count, percent, celsius } }];
  });

/** Enough to find it in a case. */
const nameOf = ({ name, model, serial }: DeviceHealth): string =>
  [name, model, serial].filter((part) => part !== undefined).join(', ');
