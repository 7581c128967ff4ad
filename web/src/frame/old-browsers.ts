/**
 * What the oldest browsers lack and code of the daemon that the page shares (checks of settings) uses: Chromium 87, Safari 14 and Firefox 85 have
 * neither. Everything else that is newer is not used at all (floor.test.ts).
 */
type Lacking = { hasOwn?: unknown };
if (!(Object as Lacking).hasOwn)
  Object.defineProperty(Object, 'hasOwn', {
    value: (thing: object, key: PropertyKey) => Object.getOwnPropertyDescriptor(thing, key) !== undefined,
    configurable: true,
    writable: true,
  });

function at(this: ArrayLike<unknown>, index: number): unknown {
  const place = Math.trunc(index) || 0;
  return this[place < 0 ? this.length + place : place];
}
for (const kind of [Array, String])
  if (!('at' in kind.prototype))
    Object.defineProperty(kind.prototype, 'at', { value: at, configurable: true, writable: true });
