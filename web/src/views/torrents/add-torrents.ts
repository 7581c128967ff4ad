import type { NewOrder } from '#admin/contract-tasks.ts';
import { call } from '../../frame/call.ts';
import { safeText } from '../../frame/safe-text.ts';
import { tell } from '../../frame/tell.tsx';
import { torrentsWords } from './words.ts';

/** Bytes. In base64 it is a third more, which the box takes (contract-tasks.ts, NewOrder). */
const LARGEST_FILE = 12_000_000;
/** Files taken at once. */
const MOST_FILES = 100;

const ending = { ok: false, problem: { why: 'aborted', text: '' } } as const;

/** Orders one after the other; ends with the first that is refused. */
export async function addTorrents(links: readonly string[], files: readonly File[], when: NewOrder['when']) {
  const words = torrentsWords.get();
  let last: string | undefined;
  for (const link of links) {
    const done = await call('POST /api/orders', { body: { link, when } });
    if (!done.ok) return done;
    last = saidAdded(done.answer);
  }
  for (const file of files.slice(0, MOST_FILES)) {
    if (file.size > LARGEST_FILE) {
      tell(words.fileTooLarge(safeText(file.name, 80)), true);
      return ending;
    }
    const torrent = await base64Of(file);
    if (torrent === undefined) {
      tell(words.fileUnreadable(safeText(file.name, 80)), true);
      return ending;
    }
    const done = await call('POST /api/orders', { body: { torrent, when } });
    if (!done.ok) return done;
    last = saidAdded(done.answer, file.name);
  }
  if (last === undefined) {
    tell(words.addNothing, true);
    return ending;
  }
  tell(last);
  return { ok: true } as const;
}

function saidAdded(order: { name: string; infoHash: string; already: boolean }, fileName = ''): string {
  const words = torrentsWords.get();
  const name = safeText(order.name || fileName || order.infoHash.slice(0, 12), 120);
  return order.already ? words.addedAlready(name) : words.added(name);
}

/** Undefined: it cannot be read, as a folder that was dropped, or a file that is gone. */
const base64Of = (file: File): Promise<string | undefined> =>
  new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => resolve(undefined);
    reader.readAsDataURL(file);
  });
