import { Component } from 'preact';
import { hrefOf } from './route.ts';
import { StatusTag } from './status-tag.tsx';
import type { TaskRow } from './task-rows.ts';
import { taskWords } from './task-words.ts';
import { timeOf } from './time-words.ts';

/** As the style has it. */
export const rowPx = 40;

const cellKinds = [
  'cell-mark',
  'cell-status',
  'cell-prompt',
  'cell-type',
  'cell-worker',
  'cell-priority',
  'cell-time',
];

/** The names of the columns. */
export function ListHead() {
  const words = taskWords.value;
  const names = [
    words.mark,
    words.status,
    words.prompt,
    words.type,
    words.worker,
    words.priority,
    words.accepted,
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of the grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and names the row that has it in turn
    <div class="task-row task-head" role="row" aria-rowindex={1}>
      {names.map((name, place) => (
        // biome-ignore lint/a11y/useSemanticElements: as above
        // biome-ignore lint/a11y/useFocusableInteractive: as above
        <span key={name} role="columnheader" class={cellKinds[place]}>
          {place === 0 ? <span class="visually-hidden">{name}</span> : name}
        </span>
      ))}
    </div>
  );
}

interface RowProps {
  readonly row: TaskRow;
  readonly place: number;
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
  readonly onToggle: (id: string) => void;
}

/** A row; drawn again only when something of it is different. */
export class ListRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { row, place, isCurrent, isSelected } = this.props;
    const isSame = row === next.row && place === next.place;
    return !isSame || isCurrent !== next.isCurrent || isSelected !== next.isSelected;
  }

  override render(props: RowProps) {
    return <Row {...props} />;
  }
}

function Row({ row, place, isCurrent, isSelected, onToggle }: RowProps) {
  const cells = [
    <span key="mark" aria-hidden="true">
      {isSelected ? '☑' : '☐'}
    </span>,
    <StatusTag key="status" status={row.status} />,
    <a key="prompt" class="clip" href={hrefOf(['tasks', row.task_id])} tabIndex={-1}>
      {row.summary}
    </a>,
    row.type,
    row.worker_id ?? '–',
    row.priority,
    timeOf(row.created_at),
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of the grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, and names the row that has it in turn
    <div
      id={`row-${place}`}
      class={`task-row${isCurrent ? ' current' : ''}${isSelected ? ' selected' : ''}`}
      role="row"
      aria-rowindex={place + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${place * rowPx}px)` }}
    >
      {cells.map((cell, index) => (
        // biome-ignore lint/a11y/useSemanticElements: as above
        // biome-ignore lint/a11y/useFocusableInteractive: as above
        // biome-ignore lint/a11y/useKeyWithClickEvents: x selects
        <span
          key={cellKinds[index]}
          role="gridcell"
          class={`${cellKinds[index]} clip`}
          onClick={index === 0 ? () => onToggle(row.task_id) : undefined}
        >
          {cell}
        </span>
      ))}
    </div>
  );
}
