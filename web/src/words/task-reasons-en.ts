import type { TaskView, TaskWhy } from '#admin/contract.ts';

const taskState: Record<TaskView['state'], string> = {
  sleep: 'Asleep',
  down: 'Fetching',
  limited: 'Waiting',
  complete: 'Complete',
  gone: 'Removed',
};
const taskWhy: Record<TaskWhy, string> = {
  'no-client': 'No client is asking for it. What is here stays ready.',
  'nothing-lacked': 'Its clients have everything. Nothing is fetched.',
  'expecting-client': 'A client asked a tracker for it: its beginning is fetched before the client dials.',
  prefill: 'Fetched before anybody asks, because the operator wants it here. Clients come first.',
  'no-metainfo': 'Only its hash is known. Asking the client and its peers for the piece list.',
  'no-origin': 'No peer outside answers. The box serves what it has and keeps looking.',
  'no-slot': 'Too many torrents are being fetched. It waits its turn; what is here is served.',
  filling: 'Fetching ahead of demand from peers outside.',
  'filling-on-demand': 'Fetching the pieces that clients ask for, once for all of them.',
  slow: 'Peers outside are slow, so its seat went to another torrent for now.',
  whole: 'Every piece is here and verified. Nothing is fetched from the internet.',
  private: 'A private torrent: passed untouched.',
  'disk-full': 'The disk is full. What is here is served; nothing new is kept.',
  'disk-failed': 'The disk reported an error. Clients go on with the swarm.',
  'day-used-up': "Today's bytes from outside are used up. Clients go on with the swarm until midnight.",
  'bad-pieces': 'Peers sent data that fails its hash. It was thrown away and is fetched elsewhere.',
  rechecking: 'Verifying what an unclean stop left behind.',
  removed: 'Removed. Its pieces are being deleted.',
};

export const en = { taskState, taskWhy };
export type TaskReasons = typeof en;
