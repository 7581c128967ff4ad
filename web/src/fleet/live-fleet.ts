import { computed } from '@preact/signals';
import type { FleetDistribution, FleetSnapshot } from '#admin/contract-fleet.ts';
import { live } from '../frame/live-box.ts';

/** The fleet as it is now; undefined before the first word of its central. */
export const fleet = computed(() => live.value.snapshot as FleetSnapshot | undefined);

/** One that a list has, with the figures of this second. */
export const asItIsNow = (listed: FleetDistribution): FleetDistribution => {
  const moving = fleet.value?.moving.find(({ id }) => id === listed.id);
  return moving && moving.changedMs >= listed.changedMs ? { ...listed, ...moving } : listed;
};
