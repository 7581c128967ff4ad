import { isDevicePath } from '#machine/block-tree.ts';
import { SUITABLE } from '#machine/disk-verdict.ts';
import { MKFS } from '#machine/format.ts';
import { mountOptions } from '#machine/kept-mounts.ts';

/** What must hold of the machine before a request is done; see `checks.ts`. */
export type Work =
  | { readonly kind: 'plain' }
  | { readonly kind: 'zone'; readonly zone: string }
  | { readonly kind: 'look' | 'format'; readonly device: string }
  | { readonly kind: 'mount'; readonly type: string; readonly device: string; readonly uuid: string }
  | { readonly kind: 'unmount'; readonly uuid: string };

type Word = string | ((word: string) => boolean);
type Verb = { readonly words: readonly Word[]; work(args: readonly string[], mountsDir: string): Work | undefined };

const PLAIN: Work = { kind: 'plain' };
/** Of a zone, as the machine's own list is asked for it; of an interface (IFNAMSIZ); of a file system, as a folder's name. */
const isZone = (word: string): boolean => /^[A-Za-z][A-Za-z0-9_+-]{0,31}(\/[A-Za-z0-9_+-]{1,31}){0,2}$/.test(word);
const isInterface = (word: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(word);
const isUuid = (word: string): boolean => /^[0-9A-Za-z][0-9A-Za-z-]{3,63}$/.test(word);
const any = (): boolean => true;
const last = (args: readonly string[]): string => args.at(-1) ?? '';

const device = (kind: 'look' | 'format') => (args: readonly string[]) => ({ kind, device: last(args) });

/** The mount point's name, where it lies in the folder of mount points. */
function uuidOf(path: string, mountsDir: string): string | undefined {
  const uuid = path.startsWith(`${mountsDir}/`) ? path.slice(mountsDir.length + 1) : '';
  return isUuid(uuid) ? uuid : undefined;
}

/** All that is ever done: each word is the one that is written here, or held to what it may be. A program is found in the system's own folders. */
const VERBS: readonly Verb[] = [
  { words: ['systemctl', 'reboot'], work: () => PLAIN },
  { words: ['networkctl', 'reload'], work: () => PLAIN },
  { words: ['networkctl', 'reconfigure', isInterface], work: () => PLAIN },
  { words: ['timedatectl', 'set-timezone', isZone], work: (args) => ({ kind: 'zone', zone: last(args) }) },
  { words: ['blkid', '--probe', '--output', 'udev', isDevicePath], work: device('look') },
  ...['/', '/swarmbox', '/swarmbox/swarmbox'].map((folder) => ({
    words: ['debugfs', '-R', `ls -p ${folder}`, isDevicePath],
    work: device('look'),
  })),
  { words: ['wipefs', '--all', isDevicePath], work: device('format') },
  { words: ['mkfs.ext4', ...MKFS, isDevicePath], work: device('format') },
  ...[...SUITABLE].map((type) => ({
    words: ['systemd-mount', '--collect', '-t', type, '-o', mountOptions(type), isDevicePath, any],
    work: (args: readonly string[], mountsDir: string): Work | undefined => {
      const uuid = uuidOf(last(args), mountsDir);
      return uuid === undefined ? undefined : { kind: 'mount', type, device: args.at(-2) ?? '', uuid };
    },
  })),
  {
    words: ['systemd-mount', '--umount', any],
    work: (args, mountsDir) => {
      const uuid = uuidOf(last(args), mountsDir);
      return uuid === undefined ? undefined : { kind: 'unmount', uuid };
    },
  },
];

/** What a program and its words ask for; undefined: nothing that is done here. `mountsDir`: where mount points lie. */
export function workOf(program: string, args: readonly string[], mountsDir: string): Work | undefined {
  const said = [program, ...args];
  const verb = VERBS.find(
    ({ words }) =>
      words.length === said.length &&
      words.every((word, i) => (typeof word === 'string' ? word === said[i] : word(said[i] ?? ''))),
  );
  return verb?.work(args, mountsDir);
}
