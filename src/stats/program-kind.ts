import { CLIENT_FIGURES } from './limits.ts';

/** The two letters of a peer id (BEP 20, `-TR4060-`) of those who do not say their name otherwise. */
const LETTERS: Readonly<Record<string, string>> = {
  A2: 'aria2',
  AZ: 'Vuze',
  BC: 'BitComet',
  BI: 'BiglyBT',
  BT: 'BitTorrent',
  DE: 'Deluge',
  FG: 'FlashGet',
  KT: 'KTorrent',
  LT: 'libtorrent',
  lt: 'rTorrent',
  QD: 'QQDownload',
  qB: 'qBittorrent',
  SD: 'Xunlei',
  TL: 'Tribler',
  TR: 'Transmission',
  UM: 'µTorrent',
  UT: 'µTorrent',
  WW: 'WebTorrent',
  XF: 'Xfplay',
  XL: 'Xunlei',
};

/** Read of what a program says: its version comes soon. */
const SAID_CHARS = 128;

export const OTHER = 'other';

/** `qBittorrent/5.1.4`, `µTorrent 3.5.5`, `-TR4060-`: the program without its version, as it says its name. */
export function programKind(name: string | undefined): string {
  const said = (name ?? '').slice(0, SAID_CHARS).trim();
  const letters = /^-?([A-Za-z][A-Za-z0-9])[-0-9A-Z.]{3,}/.exec(said)?.[1];
  const known = letters !== undefined && Object.hasOwn(LETTERS, letters) && LETTERS[letters];
  if (known) return known;
  const kind = said
    .replace(/[\s/(_-]v?\.?\d.*$/is, '')
    .replace(/\p{C}/gu, '')
    .trim()
    .slice(0, CLIENT_FIGURES.programChars)
    .toWellFormed();
  return /\p{L}/u.test(kind) && !kind.startsWith('-') ? kind : OTHER;
}
