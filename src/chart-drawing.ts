import type { ChartGraph } from './chart-graph.ts';

/** A rectangle in px, measured from the upper left corner of the drawing. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line between two boxes. */
export interface DrawnWay {
  /** Of its way; `null` for the one that shows where a box begins. */
  readonly way: string | null;
  readonly points: readonly Point[];
  readonly label: Frame | null;
}

/** Where each part of a chart stands. It is computed when the program is built, once for each definition. */
export interface ChartLayout {
  readonly graph: ChartGraph;
  /** Of the definition that it was computed from. */
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  /** By the id of the state. */
  readonly boxes: Readonly<Record<string, Frame>>;
  /** Where boxes begin: small discs. */
  readonly starts: readonly Frame[];
  /** By the state that they stand in: where ways begin that are taken in every state within it. */
  readonly anywheres: Readonly<Record<string, Frame>>;
  readonly lines: readonly DrawnWay[];
}
