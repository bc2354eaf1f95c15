import type { ComponentChildren } from 'preact';

/** What may be wider or longer than its place. It can be scrolled by the keys, too. */
export function ScrollBox({ label, kind = '', children }: ScrollBoxProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls it by the arrow keys
    <section class={`scroll ${kind}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

interface ScrollBoxProps {
  readonly label: string;
  /** `low` bounds the height, too. */
  readonly kind?: 'low' | '';
  readonly children: ComponentChildren;
}
