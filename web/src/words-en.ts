import type {
  OriginView,
  SteeringView,
  SteerVerdict,
  SteerWhy,
  TaskView,
  TaskWhy,
  WarningCode,
} from '#admin/contract.ts';

const many = (n: number, one: string, more: string) => `${n.toLocaleString('en')} ${n === 1 ? one : more}`;

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
  'no-metainfo': 'Only its hash is known. Asking the client and its peers for the piece list.',
  'no-origin': 'No peer outside answers. The box serves what it has and keeps looking.',
  'no-slot': 'Other torrents hold the download slots. It waits its turn; what is here is served.',
  filling: 'Fetching ahead of demand from peers outside.',
  'filling-on-demand': 'Fetching the pieces that clients ask for, once for all of them.',
  slow: 'Peers outside are slow, so its slot went to another torrent for now.',
  whole: 'Every piece is here and verified. Nothing is fetched from the internet.',
  private: 'A private torrent: passed untouched.',
  'disk-full': 'The disk is full. What is here is served; nothing new is kept.',
  'disk-failed': 'The disk reported an error. Clients go on with the swarm.',
  'bad-pieces': 'Peers sent data that fails its hash. It was thrown away and is fetched elsewhere.',
  rechecking: 'Verifying what an unclean stop left behind.',
  removed: 'Removed. Its pieces are being deleted.',
};
const verdict: Record<SteerVerdict, string> = {
  steered: 'Served',
  passed: 'Passed',
  spliced: 'Handed through',
  learned: 'Learned',
  refused: 'Refused',
};
const steerWhy: Record<SteerWhy, string> = {
  'http-tracker': 'a tracker named this peer',
  'udp-tracker': 'a UDP tracker named this peer',
  dht: 'the DHT named this peer',
  lsd: 'announced on the LAN',
  'plain-handshake': 'BitTorrent handshake',
  'mse-handshake': 'encrypted BitTorrent handshake',
  'not-bittorrent': 'not BitTorrent: left alone from now on',
  'unknown-torrent': 'a torrent the box does not know',
  private: 'a private torrent is never touched',
  utp: 'uTP: the client falls back to TCP, which the box can serve',
  overload: 'the box is busy, so it stayed out of the way',
  'disk-full': 'no room on the disk',
  malformed: 'not understood: left alone',
  'origin-unreachable': 'the peer outside did not answer',
};
const warning: Record<WarningCode, { what: string; todo: string }> = {
  'port-down': { what: 'Port {port} has no link.', todo: 'Check its cable and the device at the other end.' },
  'port-missing': {
    what: 'Port {port} is not there.',
    todo: 'Check the network card, or correct the port name in the configuration.',
  },
  'disk-low': {
    what: 'The cache disk is nearly full: {freeBytes} left.',
    todo: 'Nothing breaks. Give the box a larger disk to keep more.',
  },
  'disk-unknown': {
    what: 'The cache disk does not answer.',
    todo: 'Check that {path} is mounted and the disk is healthy. Traffic passes meanwhile.',
  },
  'memory-low': {
    what: 'Memory is short: {availableBytes} left.',
    todo: 'Lower the memory cache in the configuration, or add memory.',
  },
  'load-high': {
    what: 'The processor is {percent} % busy.',
    todo: 'If it stays so, this machine is too small for this network.',
  },
  'disk-full': {
    what: 'The cache disk is full.',
    todo: 'The box serves what it has. Free space or add a disk to keep more.',
  },
  'disk-failed': {
    what: 'The cache disk reported an error.',
    todo: 'Check the disk and its cable. Clients download directly meanwhile.',
  },
  'steering-failed': {
    what: 'Steering does not work.',
    todo: 'The box is a plain wire now; nothing is lost. See its log and restart it.',
  },
  'index-rebuilt': {
    what: 'The index was damaged and was made anew.',
    todo: 'Nothing to do. The damaged file was kept beside it.',
  },
  'unclean-stop': {
    what: 'The box lost power or was killed.',
    todo: 'Nothing to do: doubtful pieces are verified before they are served.',
  },
  'bad-pieces': {
    what: 'Peers sent bad data for {name}.',
    todo: 'Nothing to do: it was refused and never reached a client.',
  },
};
const originState: Record<OriginView['state'], string> = {
  dialling: 'dialling',
  up: 'connected',
  failed: 'no answer',
  banned: 'sent bad data',
};
const steering: Record<SteeringView['state'], string> = {
  armed: 'Working',
  disarmed: 'Standing by as a plain wire',
  failed: 'Not steering',
};

/** What the steering says of itself. */
const steeringWhy: Record<string, string> = {
  starting: 'it is starting',
  stopped: 'it was stopped',
  'the main loop gave no sign of life': 'the program was too busy; new connections pass meanwhile',
};

export const en = {
  taskState,
  taskWhy,
  verdict,
  steerWhy,
  warning,
  originState,
  steering,
  steeringWhy,
  otherLanguage: '中文',
  upFor: (time: string) => `up ${time}`,
  connecting: 'Connecting to the box…',
  lost: (time: string) => `No connection to the box. These are the figures of ${time}.`,
  lostEarly: 'No connection to the box yet.',
  retryIn: (s: number) => `Next try in ${s} s`,
  retrying: 'Trying…',
  retryNow: 'Try now',
  headline: 'At a glance',
  saved: 'Saved on the internet line',
  savedToday: (amount: string) => `${amount} of it today`,
  savedNone: 'Counts up once a second client fetches the same torrent.',
  hitShare: 'Hit share',
  hitShareSays: (p: string) => `${p} of torrent traffic never touched the internet line`,
  hitShareNone: 'No torrent traffic yet',
  served: 'Served to clients',
  filled: 'Fetched once',
  passed: 'Handed through',
  wanNow: 'Internet line now',
  lanNow: 'To clients now',
  chart: 'The last five minutes',
  chartSays: (wan: string, lan: string) =>
    `The last five minutes. From the internet now ${wan}, to clients now ${lan}.`,
  chartEmpty: 'Rates appear here within seconds.',
  minutesAgo: (n: number) => `${n} min ago`,
  now: 'now',
  warnings: 'Needs attention',
  tasks: 'Torrents',
  noTasks: 'No torrent seen yet',
  noTasksHint:
    'Start a download in any BitTorrent program on the LAN. It shows up here within a few seconds, and the second PC that wants it gets it at LAN speed.',
  unnamed: 'Name not known yet',
  clients: (n: number) => many(n, 'client', 'clients'),
  connections: (n: number) => many(n, 'connection', 'connections'),
  origins: (n: number) => many(n, 'peer outside', 'peers outside'),
  clientsTitle: 'Clients',
  originsTitle: 'Peers outside',
  noClients: 'No client is connected now.',
  noOrigins: 'No peer outside is connected, and none is needed for what is already here.',
  address: 'Address',
  has: 'Has',
  got: 'Got',
  rate: 'Rate',
  pieces: 'Pieces',
  piecesOf: (have: string, all: string) => `${have} of ${all} pieces verified`,
  bytesOf: (have: string, all: string) => `${have} of ${all}`,
  sizeUnknown: 'size not known yet',
  progressOf: (name: string) => `Progress of ${name}`,
  toClients: 'to clients',
  fromOutside: 'from outside',
  reuse: (served: string, filled: string, times: string) =>
    `${served} served from ${filled} fetched: each byte used ${times} times`,
  servedOf: (served: string) => `${served} served`,
  infoHash: 'Info-hash',
  more: (n: number) => `${n.toLocaleString('en')} more not shown`,
  showAll: (n: number) => `Show all ${n.toLocaleString('en')}`,
  showFewer: 'Show fewer',
  steeringTitle: 'What is steered, and why',
  steeringCounts: (endpoints: number, flows: number) =>
    `${many(endpoints, 'peer address', 'peer addresses')} watched, ${many(flows, 'connection', 'connections')} on the box now`,
  noVerdicts: 'Nothing decided yet',
  noVerdictsHint: 'As soon as a program on the LAN looks for peers, each decision is listed here with its reason.',
  health: 'The box',
  load: 'Processor',
  memory: 'Memory',
  disk: 'Cache disk',
  ports: 'Ports',
  portLan: 'to the LAN',
  portWan: 'to the internet',
  free: (amount: string) => `${amount} free`,
  ofTotal: (amount: string) => `of ${amount}`,
  cores: (n: number) => many(n, 'core', 'cores'),
  linkUp: 'link',
  linkDown: 'no link',
  linkUnknown: 'link unknown',
  errors: (n: number) => many(n, 'error', 'errors'),
  received: 'in',
  sent: 'out',
  unknown: 'unknown',
  noPorts: 'No port is watched: none was configured.',
  time: { d: ' d', h: ' h', min: ' min', s: ' s' },
};

export type Words = typeof en;
