import type { Warning } from '#admin/contract.ts';
import type { OverloadView } from '#health/view.ts';

/** Says so while the box stays out of the way of what it cannot bear. `passed`: flows that passed because of it. */
export function overloadWarnings({ level, sinceMs, shed }: OverloadView, passed: number): Warning[] {
  if (level === 'calm') return [];
  const code = level === 'busy' ? 'overload' : 'overload-sheds';
  return [{ code, severity: 'warn', ...(sinceMs !== undefined && { sinceMs }), detail: { passed, shed } }];
}
