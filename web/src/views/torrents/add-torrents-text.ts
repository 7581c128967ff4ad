/** Links taken at once. */
const MOST_LINKS = 100;

/** One link a line, or several with spaces between. */
export const linksOf = (text: string): string[] => text.split(/\s+/).filter(Boolean).slice(0, MOST_LINKS);
