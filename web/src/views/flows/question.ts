/** What was typed looks like an IP address. The box looks closer. */
export const looksLikeAddress = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (/^[0-9a-f:.]{2,45}$/i.test(text) && text.split(':').length > 2);

/** `203.0.113.9:6881` or `[2001:db8::7]:51413`. */
export function looksLikeEndpoint(text: string): boolean {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = six ?? four;
  if (address === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return looksLikeAddress(address) && (six !== undefined) === address.includes(':');
}
