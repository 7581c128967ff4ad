/** As this page writes figures: 1,234 and 1,234.5. */
const GROUPED = /^-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/;

/** What was typed, as a number; undefined: it is none. Read as the page writes it; any other comma is how half of the world writes a point. */
export function readFigure(text: string): number | undefined {
  const typed = text.trim();
  const n = Number(GROUPED.test(typed) ? typed.replaceAll(',', '') : typed.replace(',', '.'));
  return typed === '' || !Number.isFinite(n) ? undefined : n;
}
