import { computed, signal } from '@preact/signals';

/** What people read here, in both languages. */
export type Language = 'en' | 'ja';

const key = 'koubou.language';

/** The reader's choice, or that of the browser. */
export const language = signal<Language>(stored() ?? (navigator.language.startsWith('ja') ? 'ja' : 'en'));

export function chooseLanguage(choice: Language): void {
  language.value = choice;
  localStorage.setItem(key, choice);
}

function stored(): Language | null {
  const value = localStorage.getItem(key);
  return value === 'en' || value === 'ja' ? value : null;
}

/**
 * The words of one part of the page. Each part has its own file of them, `<part>-words.ts`, with the same keys in both
 * languages; the compiler sees to it.
 *
 * @returns a signal: read `.value` in a component, and it follows the reader's choice
 */
export function wordsOf<W>(words: { readonly en: W; readonly ja: W }) {
  return computed(() => words[language.value]);
}
