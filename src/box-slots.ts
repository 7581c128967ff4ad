/** For whole-box tests: a box with two system slots, played. RAUC, its bus and systemd's `systemctl` are programs that stand before the machine's own. */
import { chmod, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../scripts/cafe/world.ts';

export type SlotName = 'A' | 'B';
export const COMPATIBLE = 'swarmbox-x86-64';

/** Sees the programs and RAUC's settings there, a machine under systemd, and the version of the system that was started. */
const UNDER = `#!/bin/sh -e
state=$1 project=$2
shift 2
mount -t overlay overlay -o "lowerdir=$state/programs:/usr/sbin" /usr/sbin
mount -t overlay overlay -o "lowerdir=$state/etc:/etc" /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
sed "s/\\"version\\": \\"[^\\"]*\\"/\\"version\\": \\"$(cat "$state/version-$(cat "$state/booted")")\\"/" "$project/package.json" >/run/package.json
mount --bind /run/package.json "$project/package.json"
exec "$@"
`;

/** As RAUC 1.13 with GRUB answers; a bundle is a file whose first line is its version. */
const RAUC = `#!/bin/sh
state=STATE
get() { cat "$state/$1" 2>/dev/null; }
is_good() { [ "$(get "ok-$1")" = 1 ] && [ "$(get "try-$1")" = 0 ]; }
slot() { # NAME BOOTNAME DEVICE
  at=inactive good=bad bundle='{}'
  [ "$(get booted)" != "$2" ] || at=booted
  ! is_good "$2" || good=good
  [ -z "$(get "version-$2")" ] || bundle="{\\"bundle\\":{\\"compatible\\":\\"COMPATIBLE\\",\\"version\\":\\"$(get "version-$2")\\"},\\"status\\":\\"ok\\",\\"activated\\":{\\"timestamp\\":\\"$(get "activated-$2")\\",\\"count\\":1}}"
  printf '{"%s":{"class":"system","device":"/dev/swarmbox/%s","type":"raw","bootname":"%s","state":"%s","parent":null,"mountpoint":null,"boot_status":"%s","slot_status":%s}}' "$1" "$3" "$2" "$at" "$good" "$bundle"
}
case $1:$2 in
  info:*)
    printf '{"compatible":"COMPATIBLE","version":"%s","description":"","build":"","hooks":[],"images":[{"system":{"filename":"slot.img"}}]}\\n' "$(sed -n 1p "$3")"
    ;;
  status:--detailed)
    primary=null
    for name in $(get order); do
      if [ "$primary" = null ] && is_good "$name"; then [ "$name" = A ] && primary='"system.0"' || primary='"system.1"'; fi
    done
    printf '{"compatible":"COMPATIBLE","variant":"","booted":"%s","boot_primary":%s,"slots":[%s,%s]}\\n' "$(get booted)" "$primary" "$(slot system.1 B b)" "$(slot system.0 A a)"
    ;;
  install:*)
    echo installing >"$state/operation"
    [ "$(get booted)" = A ] && other=B || other=A
    sed -n 1p "$2" >"$state/version-$other"
    cp "$2" "$state/slot-$other"
    echo 1 >"$state/ok-$other"
    echo 0 >"$state/try-$other"
    echo "$other $(get booted)" >"$state/order"
    date -u +%Y-%m-%dT%H:%M:%SZ >"$state/activated-$other"
    echo idle >"$state/operation"
    ;;
  *)
    echo "unknown: $*" >&2
    exit 1
    ;;
esac
`;
const BUSCTL = `#!/bin/sh
printf '{"type":"s","data":"%s"}\\n{"type":"(isi)","data":[0,"",0]}\\n' "$(cat STATE/operation)"
`;
const SYSTEMCTL = `#!/bin/sh
[ "$1" = reboot ] && : >STATE/reboot
`;

/** The slots, the boot loader that picks one of them, and the gate. */
export class PlayedSlots {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** A box with `version` in slot A, which is good. Under `daemonUnder` the daemon lives in it. */
  static async make(dir: string, version: string): Promise<PlayedSlots> {
    const slots = new PlayedSlots(dir);
    await mkdir(join(dir, 'programs'), { recursive: true });
    await mkdir(join(dir, 'etc', 'rauc'), { recursive: true });
    await writeFile(join(dir, 'etc', 'rauc', 'system.conf'), '[system]\n');
    for (const [name, text] of Object.entries({ under: UNDER, rauc: RAUC, busctl: BUSCTL, systemctl: SYSTEMCTL })) {
      const path = name === 'under' ? join(dir, name) : join(dir, 'programs', name);
      await writeFile(path, text.replaceAll('STATE', dir).replaceAll('COMPATIBLE', COMPATIBLE));
      await chmod(path, 0o755);
    }
    const first = { booted: 'A', order: 'A B', 'ok-A': 1, 'try-A': 0, 'ok-B': 0, 'try-B': 0, operation: 'idle' };
    for (const [name, word] of Object.entries({ ...first, 'version-A': version })) await slots.#put(name, word);
    return slots;
  }

  /** See Extras of the cafe. */
  get daemonUnder(): readonly string[] {
    return [join(this.#dir, 'under'), this.#dir, PROJECT_ROOT];
  }

  async booted(): Promise<SlotName> {
    return (await this.#get('booted')) as SlotName;
  }

  /** The bytes in a slot. */
  content(name: SlotName): Promise<Buffer> {
    return readFile(join(this.#dir, `slot-${name}`));
  }

  /** The machine was asked to restart, since this was asked last. */
  mustReboot(): Promise<boolean> {
    return unlink(join(this.#dir, 'reboot')).then(
      () => true,
      () => false,
    );
  }

  /** As GRUB does it (image/grub/grub.cfg): the first in order that is well or has tries left. */
  async boot(): Promise<SlotName> {
    // It may have been said twice before the machine ended.
    await this.mustReboot();
    for (const name of ((await this.#get('order')) ?? '').split(' ') as SlotName[]) {
      const tries = Number(await this.#get(`try-${name}`));
      if ((await this.#get(`ok-${name}`)) !== '1' || tries >= 3) continue;
      await this.#put(`try-${name}`, tries + 1);
      await this.#put('booted', name);
      return name;
    }
    throw new Error('no slot is left');
  }

  /** What the gate does with a system that is well. */
  async markGood(): Promise<void> {
    const booted = await this.booted();
    const other = booted === 'A' ? 'B' : 'A';
    const [first] = ((await this.#get('order')) ?? '').split(' ');
    if (first !== booted) await this.#put(`ok-${other}`, 0);
    await this.#put('order', `${booted} ${other}`);
    await this.#put(`ok-${booted}`, 1);
    await this.#put(`try-${booted}`, 0);
  }

  async #get(name: string): Promise<string | undefined> {
    return readFile(join(this.#dir, name), 'utf8').then(
      (text) => text.trim(),
      () => undefined,
    );
  }

  #put(name: string, word: string | number): Promise<void> {
    return writeFile(join(this.#dir, name), `${word}\n`);
  }
}
