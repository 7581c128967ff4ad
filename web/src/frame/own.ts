/** `Object.hasOwn` for the browsers of the floor, which do not have it. */
export const hasOwn = (value: object, name: string): boolean => Object.prototype.propertyIsEnumerable.call(value, name);
