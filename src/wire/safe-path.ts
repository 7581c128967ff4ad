import { WIRE_LIMITS } from './limits.ts';
import { nameText } from './name-text.ts';

/**
 * A path element that means nothing to a file system: `.`, `..` and empty ones vanish, separators and control
 * characters are replaced. Torrents with such paths exist and are shared, so they are cleaned, not refused.
 */
export function safeElement(bytes: Uint8Array): string | undefined {
  const text = nameText(bytes).slice(0, WIRE_LIMITS.nameChars);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it takes out
  const clean = text.replace(/[/\\\x00-\x1f\x7f]/g, '_');
  return clean === '' || clean === '.' || clean === '..' ? undefined : clean;
}

/** Below the torrent's own name; a path of which nothing is left is called `_`. */
export function safePath(name: string, elements: readonly Uint8Array[]): string[] {
  const parts = elements.map(safeElement).filter((part) => part !== undefined);
  return parts.length > 0 ? [name, ...parts] : [name, '_'];
}
