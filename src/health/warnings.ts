import { HEALTH_LIMITS } from './limits.ts';
import type { HealthView, HealthWarning } from './view.ts';

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
