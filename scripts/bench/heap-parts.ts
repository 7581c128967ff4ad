/** What a JS heap is made of, out of a heap snapshot of V8 (v8-profiler.h: HeapSnapshot::Serialize). */

/** Whose a node is, by its type. `own`: made by the page's code. `native`: Blink's objects behind it. Everything else is the engine's. */
const OWN = new Set([
  'array',
  'bigint',
  'closure',
  'concatenated string',
  'number',
  'object',
  'regexp',
  'sliced string',
  'string',
  'symbol',
]);
const NATIVE = new Set(['native', 'synthetic']);

export type HeapParts = {
  /** Bytes of objects, arrays, strings and functions of scripts. */
  ownBytes: number;
  /** Compiled code, its feedback, and V8's own records (shapes, scopes, tables). */
  engineBytes: number;
  /** What Blink lists as its own, of which DOM nodes. */
  nativeBytes: number;
  /** Bytes by type and name, for what grew. */
  byName: Map<string, number>;
};

type Snapshot = {
  snapshot: { meta: { node_fields: string[]; node_types: [string[], ...unknown[]] } };
  nodes: number[];
  strings: string[];
};

/** Characters of a string that stand for it. */
const NAME_CHARS = 24;

/** `text`: a whole snapshot as it is written to a file. */
export function heapParts(text: string): HeapParts {
  const { snapshot, nodes, strings } = JSON.parse(text) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const place = (name: string) => {
    const at = fields.indexOf(name);
    if (at < 0) throw new Error(`the snapshot's nodes have no ${name}`);
    return at;
  };
  const [typeAt, nameAt, sizeAt] = [place('type'), place('name'), place('self_size')];
  const parts: HeapParts = { ownBytes: 0, engineBytes: 0, nativeBytes: 0, byName: new Map() };
  for (let i = 0; i < nodes.length; i += fields.length) {
    const type = types[0][nodes[i + typeAt] ?? -1] ?? 'unknown';
    const size = nodes[i + sizeAt] ?? 0;
    const name = `${type} ${(strings[nodes[i + nameAt] ?? -1] ?? '').slice(0, NAME_CHARS)}`;
    if (OWN.has(type)) parts.ownBytes += size;
    else if (NATIVE.has(type)) parts.nativeBytes += size;
    else parts.engineBytes += size;
    parts.byName.set(name, (parts.byName.get(name) ?? 0) + size);
  }
  return parts;
}

/** What takes more bytes in `after` than in `before`, the largest first. */
export function grown(before: HeapParts, after: HeapParts, most: number): Record<string, number> {
  const more = [...after.byName].map(([name, size]) => [name, size - (before.byName.get(name) ?? 0)] as const);
  return Object.fromEntries(more.sort((a, b) => b[1] - a[1]).slice(0, most));
}
