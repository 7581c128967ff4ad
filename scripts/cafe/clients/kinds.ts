import { aria2 } from './aria2.ts';
import type { ClientKind, ClientRecipe } from './client.ts';
import { libtorrent } from './libtorrent.ts';
import { rtorrent } from './rtorrent.ts';
import { transmission } from './transmission.ts';

export const recipes: Readonly<Record<ClientKind, ClientRecipe>> = { libtorrent, transmission, aria2, rtorrent };
