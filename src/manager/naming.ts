import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type Metainfo, parseInfo } from '#wire/metainfo.ts';
import { metainfoOnDisk } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';
import type { ManagerWorld } from './manager-world.ts';

type NamingWorld = Pick<ManagerWorld, 'clock' | 'index'> & { readonly store: Pick<ManagerWorld['store'], 'metainfo'> };

/**
 * Reads how torrents are called that an earlier version took in, one at a time and with rests, so that the list has them all. What cannot be read stays without
 * a name until the next start.
 */
export async function nameAll({ clock, index, store }: NamingWorld, log: Log, signal: AbortSignal): Promise<void> {
  let [named, row] = [0, 0];
  for (let page = index.listing.unnamed(row); page.length > 0; page = index.listing.unnamed(row)) {
    for (const { row: at, infoHash } of page) {
      row = at;
      signal.throwIfAborted();
      try {
        const info = index.task(infoHash)?.info;
        const meta = info
          ? parsed(parseInfo(info, infoHash))
          : metainfoOnDisk({ infoHash, ...(await store.metainfo(infoHash)) });
        if (meta && index.listing.describe(infoHash, meta.name, meta.totalBytes)) named++;
      } catch (error) {
        log.warn('torrent not named', { infoHash, why: errorText(error) });
      }
      await clock.sleep(LIMITS.namingRestMs, signal);
    }
  }
  if (named > 0) log.info('torrents named', { named });
}

const parsed = (read: ReturnType<typeof parseInfo>): Metainfo | undefined =>
  read.kind === 'ok' ? read.value : undefined;
