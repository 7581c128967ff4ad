import { frameWords } from '../../frame/frame-words.ts';

export function View() {
  return <h2>{frameWords.get().views.signIn}</h2>;
}
