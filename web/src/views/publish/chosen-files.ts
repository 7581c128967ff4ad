/** What somebody chose or dropped: each file with its folders before its name. */
export type Chosen = { readonly path: string; readonly file: File };
export type Read = { kind: 'ok'; files: Chosen[] } | { kind: 'too-many' } | { kind: 'empty' } | { kind: 'unreadable' };

/** As the contract has it. */
export const FILES_MAX = 20_000;

/** Of an `<input type=file>`, with folders or without. */
export const ofInput = (files: ArrayLike<File>): Read =>
  checked(Array.from(files).map((file) => ({ path: file.webkitRelativePath || file.name, file })));

/** Of a drop: folders are walked through. The entries have to be taken at once, before the event is over. */
export async function ofDrop(data: DataTransfer): Promise<Read> {
  const entries = Array.from(data.items)
    .filter(({ kind }) => kind === 'file')
    .map((item) => item.webkitGetAsEntry?.() ?? undefined);
  const plain = Array.from(data.files);
  if (entries.length === 0 || entries.some((entry) => entry === undefined)) return ofInput(plain);
  const found: Chosen[] = [];
  try {
    for (const entry of entries) if (entry) await walk(entry, '', found);
  } catch (error) {
    return { kind: error instanceof RangeError ? 'too-many' : 'unreadable' };
  }
  return checked(found);
}

function checked(files: Chosen[]): Read {
  if (files.length > FILES_MAX) return { kind: 'too-many' };
  return files.some(({ file }) => file.size > 0) ? { kind: 'ok', files } : { kind: 'empty' };
}

/** Throws RangeError when there are too many. */
async function walk(entry: FileSystemEntry, above: string, found: Chosen[]): Promise<void> {
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path, file });
    if (found.length > FILES_MAX) throw new RangeError('too many files');
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // Comes in parts of a hundred or so.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const inner of part) await walk(inner, `${path}/`, found);
  }
}

export const bytesOf = (files: readonly Chosen[]): number => files.reduce((sum, { file }) => sum + file.size, 0);

/** What it would be called: the file, or the folder that all lie in; of several side by side nobody knows. */
export function nameOf(files: readonly Chosen[]): string {
  const tops = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  return tops.size === 1 ? ([...tops][0] as string) : '';
}
