import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { taskPageWords } from './task-page-words.ts';
import { numberOf } from './time-words.ts';

/** More is shown when somebody asks for it: letters that no font of the machine has take a browser 0.1 ms each. */
const shownCharsMax = 20_000;

/** A long text in a place of its own, as text whatever it contains. */
export function TextBox({ label, text, isGrowing = false }: TextBoxProps) {
  const words = taskPageWords.value;
  const isWhole = useSignal(false);
  const box = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  const isCut = text.length > shownCharsMax && !isWhole.value;
  useEffect(() => {
    if (isGrowing && isAtEnd.current && box.current !== null)
      box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  return (
    <>
      <pre
        ref={box}
        class="text-box"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls it by the arrow keys
        tabIndex={0}
        role="document"
        aria-label={label}
        aria-busy={isGrowing}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        {isCut ? (isGrowing ? text.slice(-shownCharsMax) : text.slice(0, shownCharsMax)) : text}
      </pre>
      {isCut && (
        <p class="bar muted">
          {words.cut(numberOf(shownCharsMax), numberOf(text.length))}
          <button
            type="button"
            onClick={() => {
              isWhole.value = true;
            }}
          >
            {words.showAll}
          </button>
        </p>
      )}
    </>
  );
}

interface TextBoxProps {
  readonly label: string;
  readonly text: string;
  /** More comes: its end stays in sight, unless somebody scrolls up. */
  readonly isGrowing?: boolean;
}
