const many = (n: number, one: string, more: string) => `${n.toLocaleString('en')} ${n === 1 ? one : more}`;

export const en = {
  intro: 'What the operator wants here before anybody asks.',
  waiting: (n: number) => `${n.toLocaleString('en')} waiting or being fetched`,
  held: 'Nothing is fetched just now',
  none: 'Nothing is on the list',
  noneHint:
    'Add a magnet link or a .torrent file: it is fetched in the night hours, and is here when the first client wants it.',
  add: 'Add a torrent',
  here: (share: string, size: string) => `${share} of ${size}`,
  sizeUnknown: 'size not known yet',
  ordered: (when: string) => `added ${when}`,
  ended: (when: string) => `ended ${when}`,
  front: 'To the front',
  now: 'Fetch now',
  remove: 'Remove',
  removeTitle: 'Take it off the list?',
  removeSays: (name: string) =>
    `${name} is not fetched any more. What is already here of it stays until it is evicted.`,
  removed: 'Taken off the list.',
  moved: 'It is the first now.',
  started: 'It is fetched now.',
  waitingTitle: 'In this order',
  endedTitle: 'Ended',
  unnamed: 'Name not known yet',
  progressOf: (name: string) => `Progress of ${name}`,
  orders: (n: number) => many(n, 'torrent', 'torrents'),
};
export type PrefillWords = typeof en;
