import type { Amount } from '../frame/format.ts';

/** A large figure and its unit in a smaller size. */
export const AmountShown = ({ amount }: { amount: Amount }) => (
  <>
    {amount.value}
    <small>{` ${amount.unit}`}</small>
  </>
);
