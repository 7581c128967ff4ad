import type { DiskHealth } from '#admin/contract.ts';
import { say } from '../frame/language.ts';
import { diskReasons } from '../words/reasons.ts';

/** What a disk's devices say of themselves, in a few words. */
export function saidHealth({ verdict, why, worn }: DiskHealth): string {
  const reasons = diskReasons.get();
  if (worn) return say(reasons.wornOf, worn);
  return verdict === 'unknown' && why ? say(reasons.silent, why) : reasons.verdictOf[verdict];
}
