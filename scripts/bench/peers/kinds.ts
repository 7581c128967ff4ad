import { aria2 } from './aria2.ts';
import { libtorrent } from './libtorrent.ts';
import { nginx } from './nginx.ts';
import type { PeerKind, PeerRecipe } from './peer.ts';
import { rtorrent } from './rtorrent.ts';
import { transmission } from './transmission.ts';

export const recipes: Readonly<Record<PeerKind, PeerRecipe>> = { libtorrent, transmission, rtorrent, aria2, nginx };
