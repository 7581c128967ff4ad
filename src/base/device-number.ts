/** `major:minor` of what stat(2) calls st_dev, in Linux's encoding (makedev(3)): the name of a device in /sys/dev/block. */
export function deviceNumber(dev: number): string {
  const major = ((dev >> 8) & 0xfff) | ((dev / 2 ** 32) & ~0xfff);
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return `${major}:${minor}`;
}
