import type { WarningCode } from '#admin/contract.ts';

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
  'disk-gone': {
    what: 'The disk at {path} is gone.',
    todo: 'Check its cable and its mount. What lay on it is fetched again; it is used again as soon as it is back.',
  },
  'disk-failing': {
    what: 'The disk at {path} gives errors ({count}).',
    todo: 'Nothing new goes there. Replace it soon: what it holds can be fetched again.',
  },
  'disk-rots': {
    what: 'Data on the disk at {path} has gone bad ({count} pieces).',
    todo: 'No client got any of it: it is fetched again when wanted. If there is more each week, replace the disk, and test the memory.',
  },
  'disk-worn': {
    what: 'The disk at {path} says that it is failing ({name}).',
    todo: 'Replace it soon: what it holds can be fetched again. It is served meanwhile; new torrents go to other disks while these have room.',
  },
  'disk-sectors': {
    what: 'The disk at {path} has {count} more bad sectors than before ({name}).',
    todo: 'Nothing wrong goes out: every piece is verified. New torrents go to other disks while these have room. If the number goes on growing, replace the disk.',
  },
  'disk-used-up': {
    what: 'The flash disk at {path} has used {percent} % of the life that its maker gives it ({name}).',
    todo: 'Have another one ready. New torrents go to other disks while these have room.',
  },
  'disk-hot': {
    what: 'The disk at {path} is too hot or too cold: {celsius} °C ({name}).',
    todo: 'Check the fan and the air around the box. New torrents go to other disks until it is well again.',
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
  'pppoe-passes': {
    what: '{percent} % of the traffic is PPPoE, which the box cannot look into.',
    todo: 'It passes untouched. Plug the box in on the other side of the device that dials in, toward the PCs.',
  },
  'qinq-passes': {
    what: '{percent} % of the traffic carries two VLAN tags, and the box looks through one.',
    todo: 'It passes untouched. Plug the box in where frames carry one tag or none.',
  },
  'vlan-passes': {
    what: '{percent} % of the traffic belongs to VLANs that the box was not told to serve.',
    todo: 'It passes untouched. To serve them, name the VLANs in the configuration and in the bridge script’s settings.',
  },
  overload: {
    what: 'More comes than the box can bear: new connections pass it ({passed} so far).',
    todo: 'Nothing breaks: they go on as without the box. It takes new ones again by itself. If this comes often, it needs a faster machine.',
  },
  'overload-sheds': {
    what: 'Far more comes than the box can bear: it lets clients go ({shed} so far), and new connections pass it ({passed} so far).',
    todo: 'Nothing breaks: they go on as without the box. It takes new ones again by itself. If this comes often, it needs a faster machine.',
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
  'fleet-incomplete': {
    what: 'The box has not joined its fleet: the setting {name} is empty.',
    todo: 'Fill it in under Settings, Fleet, and start the box anew. It goes on as a cache meanwhile.',
  },
  'fleet-file': {
    what: 'The box has not joined its fleet: {path} cannot be used.',
    todo: 'Put the right file there, or correct the path under Settings, Fleet. The box tries again by itself.',
  },
  'fleet-place': {
    what: 'The box has not joined its fleet: it cannot be dialled at {name}.',
    todo: 'Choose another address or port under Settings, Fleet, and start the box anew. The bridge needs an address for it.',
  },
  'fleet-broker': {
    what: 'The box has no connection to its fleet’s broker at {host}.',
    todo: 'Check the broker, the line to it, and the password or certificate. The box serves what it has, and tries again by itself.',
  },
  'fleet-book': {
    what: 'The box has not joined its fleet: its book {path} cannot be opened.',
    todo: 'Check the disk of the data folder, or move the file away. The box tries again by itself.',
  },
};

export const en = { warning };
export type WarningWords = typeof en;
