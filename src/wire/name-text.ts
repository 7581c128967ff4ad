const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Never fails: what is no GBK becomes U+FFFD. */
const gbk = new TextDecoder('gbk');

/**
 * A name for people's eyes: UTF-8, or what Chinese programs wrote before it. GBK text that happens to be valid UTF-8 as
 * well does exist, in two or three characters; a title is longer.
 */
export function nameText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return gbk.decode(bytes);
  }
}
