/** What each setting is called and what it does. `empty`: what an empty field means. */
export type SettingWords = {
  readonly label: string;
  readonly help: string;
  readonly empty?: string;
};

const settings = {
  'uplink.mbps': {
    label: 'Fastest fetching from the internet',
    help: 'Fetching never uses more of the line than this.',
    empty: 'no limit',
  },
  'uplink.hours': {
    label: 'Other rates by the hour',
    help: 'In these hours this rate holds instead; of several, the first. Until 24:00, or past midnight.',
  },
  'uplink.dayGB': {
    label: 'Most that is fetched in a day',
    help: 'When it is used up, what is whole is still served; all else goes direct until midnight.',
    empty: 'no limit',
  },
  'uplink.yield': {
    label: 'Make way for others on the line',
    help: 'Fetching slows down whenever other traffic needs the line.',
  },
  'uplink.wasteShare': {
    label: 'Fetched ahead and not yet taken, at most',
    help: 'Share of all that is fetched. Above it nothing is fetched before a client has come.',
  },
  'limits.clientMbps': { label: 'Fastest to one client', help: 'Blocks served to one PC.', empty: 'no limit' },
  'limits.taskMbps': {
    label: 'Fastest for one torrent',
    help: 'To all clients of one torrent together.',
    empty: 'no limit',
  },
  'limits.boxMbps': { label: 'Fastest to all clients', help: 'Everything the box serves.', empty: 'no limit' },
  'prefill.hours': {
    label: 'Hours for pre-filling',
    help: 'When the box fetches what you want on it before anybody asks. None: never.',
  },
  'prefill.dayShare': {
    label: 'Share of the day for pre-filling',
    help: 'Of the most that is fetched in a day, so much may go to pre-filling.',
  },
  fetchOnAnnounce: {
    label: 'Fetch the beginning as soon as a client announces',
    help: 'When a client tells a public tracker what it wants, the first pieces are fetched while it still looks for peers.',
  },
  seats: {
    label: 'Torrents fetched ahead at the same time',
    help: 'What a client waits for is fetched at once and needs no seat.',
  },
  seatRule: { label: 'Who gets a seat', help: 'Leave it as it is, unless you compare rules.' },
  pin: { label: 'Torrents that are never deleted', help: 'Info-hashes, one in each line.' },
  block: { label: 'Torrents that are never served', help: 'Info-hashes, one in each line. They pass untouched.' },
  allow: {
    label: 'The only torrents that are served',
    help: 'Info-hashes, one in each line. All others pass untouched.',
    empty: 'all',
  },
  servePrivate: {
    label: 'Serve private torrents',
    help: 'Those of closed trackers, where upload is counted. They are never announced anywhere.',
  },
  cacheMiB: { label: 'Memory for pieces', help: 'What is asked for most is served from memory.' },
  floorMiB: { label: 'Space of each disk that stays free', help: 'The box never fills a disk beyond it.' },
  disks: {
    label: 'Folders for pieces',
    help: 'Each on a disk of its own, one in each line. None: the data folder. Disks are added more easily under System.',
  },
  volatileDir: {
    label: 'Folder in memory for unfinished pieces',
    help: 'They survive a restart of the program there.',
  },
  scrubMBps: {
    label: 'Reading in search of decay',
    help: 'Each disk is read at this rate while nobody uses it, and what has gone bad is fetched again. 0: never.',
  },
  evict: {
    label: 'Make room when disks are full',
    help: 'What is worth least goes. Off: nothing new is kept once they are full.',
  },
  spareFlash: {
    label: 'Spare flash disks',
    help: 'Where all disks are flash and full, a torrent is kept only when a second client wants it.',
  },
  clients: {
    label: 'Connections served at the same time',
    help: 'More than that pass untouched. A small machine serves fewer by itself.',
  },
  optOut: {
    label: 'Clients that want no part in it',
    help: 'Addresses or networks, one in each line. Nothing of theirs is read, held or steered.',
  },
  neverSteer: {
    label: 'Addresses outside that are never steered',
    help: 'Addresses or networks, one in each line. Connections to them always pass untouched.',
  },
  'localPeer.enabled': {
    label: 'Be a neighbour on the LAN',
    help: 'The box answers when clients look for others on the LAN, and takes their connections.',
  },
  'localPeer.port': { label: 'Port as a neighbour', help: 'TCP, on the LAN side alone.' },
  'dht.enabled': {
    label: 'Ask the DHT',
    help: 'When a torrent has hardly any peers. The box only asks, and needs an address for it.',
  },
  'dht.bootstrap': { label: 'DHT nodes to begin with', help: 'host:port, one in each line.' },
  'fleet.enabled': {
    label: 'Take part in a fleet',
    help: 'The box gets what a central distributes, keeps it, and gives it to the machines behind it. Without the central it goes on as it is.',
  },
  'fleet.name': { label: 'Name of the box in the fleet', help: 'As it is known at the broker.', empty: 'none' },
  'fleet.site': { label: 'Site', help: 'The machines of one site get things from its box.', empty: 'none' },
  'fleet.brokerHost': { label: 'Broker', help: 'Address or name of the RabbitMQ at the central.', empty: 'none' },
  'fleet.brokerPort': { label: 'Port of the broker', help: '5671 with TLS, 5672 without.' },
  'fleet.vhost': { label: 'Virtual host at the broker', help: 'As it was set up at the central.' },
  'fleet.passwordFile': {
    label: 'File with the password',
    help: 'A file on the box that holds nothing else. Empty where a certificate says who the box is.',
    empty: 'none',
  },
  'fleet.caFile': {
    label: 'Authority of the broker’s certificate',
    help: 'A PEM file on the box. Empty: the connection is not encrypted.',
    empty: 'none',
  },
  'fleet.certFile': { label: 'Certificate of the box', help: 'A PEM file on the box.', empty: 'none' },
  'fleet.keyFile': { label: 'Key of the box’s certificate', help: 'A PEM file on the box.', empty: 'none' },
  'fleet.ip': {
    label: 'Address where others dial the box',
    help: 'Other boxes of the fleet, and terminals.',
    empty: 'the bridge’s own',
  },
  'fleet.port': { label: 'Port where others dial the box', help: 'TCP.' },
  'fleet.keys': {
    label: 'Keys that may sign files',
    help: 'Public keys, one in each line: the key itself, or the path of its file on the box. Nothing is taken that none of them signed.',
  },
  'fleet.firmwareKeys': { label: 'Keys that may sign firmware', help: 'The same, for bundles that boxes install.' },
  'fleet.inHours': {
    label: 'Large distributions in the hours of pre-filling alone',
    help: 'Off: at any hour, whenever clients leave room on the line.',
  },
  lan: { label: 'Port to the LAN', help: 'The network port on the side of the PCs.' },
  wan: { label: 'Port to the internet', help: 'The network port on the side of the router.' },
  bridge: { label: 'Bridge', help: 'The name of the bridge that joins both ports.' },
  vlans: {
    label: 'VLANs that are served',
    help: '802.1Q ids, one in each line. Untagged traffic is always served. The bridge must be started with the same ones.',
  },
  listenPort: { label: 'Inner port', help: 'TCP, for steered connections. It is never seen on a wire.' },
  logGroup: { label: 'Group of the packet log', help: 'Change it only where another program uses it.' },
  dataDir: { label: 'Data folder', help: 'The index and the accounts live here.' },
  'admin.host': { label: 'This page listens at', help: 'An address of the box. 127.0.0.1: only the box itself.' },
  'admin.port': { label: 'Port of this page', help: 'TCP.' },
  'admin.path': { label: 'This page listens at the socket', help: 'A Unix socket.' },
  names: {
    label: 'Names of the box',
    help: 'Host names, one in each line, by which this page may be opened beside its addresses.',
  },
  'syslog.enabled': { label: 'Send the log elsewhere, too', help: 'To a syslog server (RFC 5424).' },
  'syslog.host': { label: 'Syslog server', help: 'An address or a name.' },
  'syslog.port': { label: 'Port of the syslog server', help: 'Usually 514.' },
  'syslog.protocol': { label: 'Protocol to the syslog server', help: 'TCP loses nothing while it is connected.' },
  trace: {
    label: 'Record demand without names',
    help: 'For a week, without addresses or torrents, so that the box can tell what a larger disk would save. Off: what was recorded is deleted.',
  },
  'clientHistory.enabled': {
    label: 'Keep what each client did',
    help: 'Off, only sums are kept. Tell the people whose PCs they are before you switch it on.',
  },
  'clientHistory.keepDays': { label: 'Keep it for', help: 'Older days are deleted.' },
} satisfies Record<string, SettingWords>;

const choices = {
  'seatRule.priced': 'by price (recommended)',
  'seatRule.plain': 'first come, first served',
  'seatRule.lease': 'for a time',
  'seatRule.lease-vacate': 'for a time, slow ones leave',
  'seatRule.ranked': 'by rank',
  'syslog.protocol.udp': 'UDP',
  'syslog.protocol.tcp': 'TCP',
};

export const en = { settings, choices };
export type SettingNames = typeof en;
