import { signal } from '@preact/signals';

type Theme = 'dark' | 'light';
const key = 'koubou.theme';

/** The reader's choice; without one the system's holds. */
export const theme = signal<Theme>(
  stored() ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
);
show();

export function switchTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem(key, theme.value);
  show();
}

function show(): void {
  document.documentElement.dataset['theme'] = theme.value;
}

function stored(): Theme | null {
  const value = localStorage.getItem(key);
  return value === 'dark' || value === 'light' ? value : null;
}
