import { useEffect, useRef } from 'preact/hooks';
import type { Moment } from './actor-history.ts';
import { type Message, messagesOf, parties } from './actor-messages.ts';
import { actorWords } from './actor-words.ts';
import { timeOf } from './time-words.ts';

const columnPx = 195;
const rowPx = 34;
const headPx = 30;
const leftPx = 70;
/** So many are drawn around the moment; a task that was tried again and again has more. */
const aroundMax = 40;

interface SequenceProps {
  readonly moments: readonly Moment[];
  readonly shown: Moment | null;
  readonly choose: (moment: Moment) => void;
}

/** Who said what to whom, around the moment that is shown. A press on a message goes to its moment. */
export function ActorSequence({ moments, shown, choose }: SequenceProps) {
  const words = actorWords.value;
  const all = messagesOf(moments, words.messages);
  const recorded = shown?.seq === null ? moments.findLast((each) => isBefore(each, shown)) : shown;
  const at = Math.max(
    0,
    all.findIndex(({ moment }) => moment === recorded),
  );
  const begin = Math.max(0, Math.min(at - aroundMax / 2, all.length - aroundMax));
  const messages = all.slice(begin, begin + aroundMax);
  const frame = useRef<HTMLElement>(null);
  const row = at - begin;
  const middle = middleOf(all[at]);
  useEffect(() => {
    if (frame.current === null) return;
    frame.current.scrollTop = row * rowPx - frame.current.clientHeight / 3;
    // On a narrow screen only some of the parties are in sight.
    frame.current.scrollLeft = middle - frame.current.clientWidth / 2;
  }, [row, middle]);
  if (messages.length === 0) return null;
  const height = messages.length * rowPx + 10;
  const width = leftPx * 2 + (parties.length - 1) * columnPx;
  return (
    <section class="card">
      <h2>{words.sequence}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keys */}
      <section class="sequence" ref={frame} tabIndex={0} aria-label={words.sequence}>
        <svg class="heads" width={width} height={headPx} aria-hidden="true">
          {parties.map((party, column) => (
            <text key={party} x={xOf(column)} y={20} text-anchor="middle">
              {words[party]}
            </text>
          ))}
        </svg>
        <svg width={width} height={height}>
          <title>{words.sequence}</title>
          {parties.map((party, column) => (
            <line key={party} class="lifeline" x1={xOf(column)} x2={xOf(column)} y1={0} y2={height} />
          ))}
          {messages.map((message, index) => (
            <Arrow
              key={`${message.moment.seq} ${index}`}
              message={message}
              y={index * rowPx + 22}
              isShown={message.moment === recorded}
              choose={choose}
            />
          ))}
        </svg>
      </section>
    </section>
  );
}

interface ArrowProps {
  readonly message: Message;
  readonly y: number;
  readonly isShown: boolean;
  readonly choose: (moment: Moment) => void;
}

function Arrow({ message: { from, to, text, moment }, y, isShown, choose }: ArrowProps) {
  const [start, end] = [xOf(parties.indexOf(from)), xOf(parties.indexOf(to))];
  const tip = end - Math.sign(end - start) * 8;
  const words = actorWords.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button within a drawing
    <g
      class={`message${isShown ? ' shown' : ''}`}
      role="button"
      tabindex={0}
      aria-label={`${timeOf(moment.at)} ${words[from]} → ${words[to]}: ${text}`}
      aria-current={isShown}
      onClick={() => choose(moment)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') choose(moment);
      }}
    >
      <rect class="row" x={0} y={y - 20} width="100%" height={rowPx - 4} />
      <line x1={start} x2={tip} y1={y} y2={y} />
      <path d={`M${end} ${y} L${tip} ${y - 5} L${tip} ${y + 5} Z`} />
      <text x={(start + end) / 2} y={y - 5} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function xOf(column: number): number {
  return leftPx + column * columnPx;
}

function middleOf(message: Message | undefined): number {
  if (message === undefined) return 0;
  return (xOf(parties.indexOf(message.from)) + xOf(parties.indexOf(message.to))) / 2;
}

function isBefore(each: Moment, shown: Moment): boolean {
  return each.seq !== null && each.place <= shown.place;
}
