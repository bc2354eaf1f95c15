import { h, type VNode } from 'preact';
import type { ChartLayout } from '../../chart-drawing.ts';
import { type PictureMarks, type PicturePart, pictureOf } from '../../chart-picture.ts';
import { chartWords } from './chart-words.ts';

/** What a drawing shows beside the chart itself, and what it does when somebody chooses a state. */
export interface ChartMarks extends PictureMarks {
  readonly onState?: (id: string) => void;
}

/** All boxes and ways of a chart, at its natural size. */
export function ChartShapes({ layout, marks }: { layout: ChartLayout; marks: ChartMarks }) {
  return shown(pictureOf(layout, { marks, anywhere: chartWords.value.anywhere }), marks.onState);
}

function shown(part: PicturePart, onState: ChartMarks['onState']): VNode {
  const { tag, attributes, key, choice, children } = part;
  const own = { ...attributes, ...(key === undefined ? {} : { key }), ...choosing(choice, onState) };
  return h(tag, own, ...children.map((each) => (typeof each === 'string' ? each : shown(each, onState))));
}

/** A state that can be chosen is a button, by pointer and by key; all that is written in it is its name. */
function choosing(id: string | undefined, onState: ChartMarks['onState']) {
  if (id === undefined || onState === undefined) return {};
  return {
    role: 'button',
    // In a drawing names of attributes are taken as they are written.
    tabindex: 0,
    onClick: () => onState(id),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      onState(id);
    },
  } as const;
}
