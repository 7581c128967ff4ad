import type { DiskHealth, DiskView, SilentWhy, WornWhy } from '#admin/contract.ts';

const silent: Record<SilentWhy, string> = {
  'not-asked-yet': 'health not asked yet',
  'no-smartctl': 'health unknown: no smartctl (package smartmontools)',
  'not-permitted': 'health unknown: the box may not ask the disk',
  'no-device': 'health unknown: no disk of its own',
  virtual: 'health unknown: a virtual disk',
  'no-smart': 'health unknown: the disk or its USB adapter does not say',
  asleep: 'health unknown: the disk sleeps',
  'no-answer': 'health unknown: the disk did not answer',
  garbled: 'health unknown: smartctl was not understood',
};
const wornOf: Record<WornWhy, string> = {
  'says-failing': 'says it is failing',
  'bad-sectors': 'more bad sectors than before',
  'used-up': 'beyond its rated life',
  hot: 'too hot or too cold',
};
const verdictOf: Record<DiskHealth['verdict'], string> = {
  passed: 'says it is well',
  failing: 'says it is failing',
  unknown: 'health unknown',
};
const diskState: Record<DiskView['state'], string> = { good: 'in order', failing: 'gives errors', gone: 'gone' };
const diskKind: Record<DiskView['kind'], string> = { hdd: 'hard disk', ssd: 'flash', unknown: '' };

export const en = { silent, wornOf, verdictOf, diskState, diskKind };
export type DiskReasons = typeof en;
