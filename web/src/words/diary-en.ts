/** What happened, by its code. */
const code = {
  published: 'Published',
  'relays-done': 'All relays have it',
  converged: 'Most have it',
  complete: 'All have it',
  partial: 'Over, some lack it',
  cancelled: 'Cancelled',
  retried: 'Tried again',
  failed: 'Failed',
  refused: 'Refused',
  warned: 'Goes on with trouble',
  'wave-opened': 'Next wave begun',
  'wave-stopped': 'Roll-out stopped',
  'wave-resumed': 'Roll-out goes on',
  'install-failed': 'Not installed',
  'rolled-out': 'Roll-out over',
  'not-published': 'In the watched folder, not published',
  'node-came': 'Came online',
  'node-went': 'Went offline',
  'node-restarted': 'Was restarted',
  'central-started': 'The central was started',
  'broker-gone': 'Message broker lost',
  'broker-back': 'Message broker back',
  'broker-blocked': 'Message broker takes nothing',
};

export const en = {
  code: code as Record<keyof typeof code, string>,
  intro: 'What happened in the fleet, newest first.',
  none: 'Nothing happened yet.',
  newest: 'Newest',
  older: 'Older',
};
export type DiaryWords = typeof en;
