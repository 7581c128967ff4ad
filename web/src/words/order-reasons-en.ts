import type { OrderWhy } from '#admin/contract.ts';

const orderWhy: Record<OrderWhy, string> = {
  prefill: 'Being fetched.',
  'prefill-waits': 'Waits for those before it.',
  'window-shut': 'Waits for the hours that the configuration gives to pre-filling.',
  'day-used-up': "Waits for tomorrow: its share of the day's bytes is used up.",
  overload: 'Waits: the box is busy with clients.',
  'no-room': 'Waits for room: what was pre-filled lately and is kept fills its share of the disks.',
  'no-progress': 'Nothing came for ten minutes. Others go first; it is tried again within the hour.',
  stalled: 'Nothing came from outside lately. It is tried again within the hour.',
  'no-metainfo': 'Nobody told what it consists of. It is tried again within the hour.',
  'task-failed': 'The box made a mistake with it. It is tried again within the hour.',
  whole: 'Here, whole and verified.',
  private: 'Given up: a private torrent, and the configuration says not to serve those.',
  blocked: 'Given up: the configuration says not to serve it.',
  unsupported: 'Given up: a kind of torrent the box cannot serve.',
  'too-large': 'Given up: too large for the largest disk.',
  'given-up': 'Given up: not to be had within a month.',
};

export const en = { orderWhy };
export type OrderReasons = typeof en;
