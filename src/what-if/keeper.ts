/** Decides which items stay on a disk. Minutes never go back. */
export type Keeper = {
  has(item: number): boolean;
  /** A client was given it from the disk. */
  used(item: number): void;
  /** False: whatever is fetched ahead takes the place of something that is wanted as much. */
  mayFetchAhead?(nowMin: number): boolean;
  /** It has come in from outside; whether it stays is the keeper's to say. */
  fetched(item: number, nowMin: number): void;
  /** A client has come: what it will ask for is lacked until it does. */
  joined?(stay: number, nowMin: number): void;
  /** It has asked for one of its items. */
  asked?(item: number): void;
  left?(stay: number): void;
};
