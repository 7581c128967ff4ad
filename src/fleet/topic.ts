/** Whether a binding's key means a routing key (AMQP 0-9-1, topic exchange): `*` is one word, `#` is any number of them. */
export function topicMatches(pattern: string, key: string): boolean {
  return wordsMatch(pattern.split('.'), key.split('.'));
}

function wordsMatch([first, ...rest]: readonly string[], words: readonly string[]): boolean {
  if (first === undefined) return words.length === 0;
  if (first === '#') return wordsMatch(rest, words) || (words.length > 0 && wordsMatch(['#', ...rest], words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && wordsMatch(rest, words.slice(1));
}
