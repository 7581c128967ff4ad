/** Where the page is: `#/torrents/abcd?sort=heat` in the address bar. Plain functions; nothing here touches the browser. */

export type Place = {
  /** `/torrents/abcd`; always begins with a slash. */
  path: string;
  query: URLSearchParams;
};

/** What stands behind the `#` of an address. Anything unreadable is the dashboard. */
export function placeOf(hash: string): Place {
  const text = hash.replace(/^#/, '');
  const [path = '', query = ''] = text.split('?', 2);
  return { path: path.startsWith('/') ? path : '/', query: new URLSearchParams(query) };
}

export const hashOf = (path: string, query: Readonly<Record<string, string | undefined>> = {}): string => {
  const given = Object.entries(query).filter((e): e is [string, string] => e[1] !== undefined && e[1] !== '');
  const text = new URLSearchParams(given).toString();
  return `#${path}${text && `?${text}`}`;
};

/** The parameters of `/torrents/{infoHash}` in a path, decoded; undefined when it does not fit. */
export function fits(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (let i = 0; i < wanted.length; i++) {
    const [want, got] = [wanted[i] as string, given[i] as string];
    const name = /^\{(\w+)\}$/.exec(want)?.[1];
    if (name === undefined) {
      if (want !== got) return undefined;
      continue;
    }
    const value = decoded(got);
    if (value === undefined || value === '') return undefined;
    params[name] = value;
  }
  return params;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
