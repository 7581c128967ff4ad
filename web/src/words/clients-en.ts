const many = (n: number, one: string, more: string) => `${n.toLocaleString('en')} ${n === 1 ? one : more}`;

export const en = {
  connected: (clients: number, connections: number) =>
    `${many(clients, 'client', 'clients')} with ${many(connections, 'connection', 'connections')} now`,
  none: 'No client is connected now.',
  noneHint: 'A client shows up here as soon as its BitTorrent program is served by the box.',
  programs: 'Programs',
  program: 'Program',
  otherProgram: 'Says nothing of itself',
  machines: 'Machines',
  privateTitle: 'Nothing is told of single machines',
  privateSays:
    'The history of clients is off, as it is from the start: the box then keeps and shows nothing that tells who fetched what.',
  privateSettings: 'It is switched on in the settings.',
  address: 'Address',
  connections: 'Connections',
  torrents: 'Torrents',
  rate: 'Rate',
  served: 'Served',
  since: 'Since',
  why: 'Why is it served, or not?',
  historyOf: (address: string) => `History of ${address}`,
  kept: (days: number) => `Kept for ${many(days, 'day', 'days')}.`,
  oldest: (when: string) => `The oldest is of ${when}.`,
  days: 'Served, day by day',
  latest: 'Torrents',
  lastAt: 'Last',
  noHistory: 'Nothing is kept of it.',
  forget: 'Forget all history',
  forgetTitle: 'Forget the history of all clients?',
  forgetSays: 'What the box kept of who fetched what is deleted. This cannot be taken back.',
  forgotten: 'Forgotten.',
  back: 'All clients',
  historyGuarded: 'What a client downloaded is shown to operators and administrators alone.',
  unnamed: 'Name not known',
};
export type ClientsWords = typeof en;
