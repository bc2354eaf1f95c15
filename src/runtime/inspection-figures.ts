import type { ChartTally, EdgeTally, StateTally } from '../actors/inspection-census.ts';
import type { InspectedMachine } from '../machines/chart-machines.ts';

/** The figures of a state without states of its own. */
export interface StateFigures {
  readonly state: string;
  /** How many actors are in it now. */
  readonly count: number;
  /** How often it was entered. */
  readonly entered: number;
  /** Of the `entered - count` stays that are over: their sum, and how many took below 1 ms, 10 ms, … 1,000 s, and longer. */
  readonly stayed_ms: number;
  readonly stays: readonly number[];
  /** Actors that ended there by throwing. */
  readonly crashed: number;
}

/** The figures of a way from one state to another. */
export interface EdgeFigures {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  readonly count: number;
  /** Within the last second or so. */
  readonly per_second: number;
  /** By the code of the failure that led there; left out where none did. */
  readonly failures?: Readonly<Record<string, number>>;
}

/** Events that left actors in their states. */
export interface KeptFigures {
  readonly event: string;
  readonly count: number;
  readonly per_second: number;
}

/** The figures of all actors of one machine. In a difference, only what has changed, as it is now. */
export interface MachineFigures {
  readonly live: number;
  readonly begun: number;
  readonly states: readonly StateFigures[];
  readonly edges: readonly EdgeFigures[];
  readonly kept: readonly KeptFigures[];
}

export type OverviewFigures = Readonly<Partial<Record<InspectedMachine, MachineFigures>>>;

interface Counted {
  readonly count: number;
}

/** What was told of a tally last. */
interface Told {
  figure: string;
  /** At the last time that rates were taken. */
  count: number;
  perSecond: number;
}

/**
 * Reads the figures for those who watch them. Only while somebody does, since rates and differences need to look again and
 * again; what they are taken from is counted all the time.
 */
export class OverviewReader {
  readonly #charts: ReadonlyMap<InspectedMachine, ChartTally>;
  readonly #told = new Map<object, Told>();

  /** Differences and rates begin from now. */
  constructor(charts: ReadonlyMap<InspectedMachine, ChartTally>) {
    this.#charts = charts;
    for (const tally of this.#counted()) this.#toldOf(tally).count = tally.count;
    this.difference();
  }

  /** All figures. Rates are those of the last {@link measure}. */
  full(): OverviewFigures {
    return this.#read(() => true);
  }

  /** What has changed since the last difference; `undefined` when nothing has. */
  difference(): OverviewFigures | undefined {
    const figures = this.#read((tally, figure) => {
      const told = this.#toldOf(tally);
      if (told.figure === figure) return false;
      told.figure = figure;
      return true;
    });
    return Object.keys(figures).length === 0 ? undefined : figures;
  }

  /** Takes the rates anew. @param elapsedMs since that was done before, or since the beginning */
  measure(elapsedMs: number): void {
    for (const tally of this.#counted()) {
      const told = this.#toldOf(tally);
      told.perSecond = Math.round(((tally.count - told.count) * 10_000) / elapsedMs) / 10;
      told.count = tally.count;
    }
  }

  *#counted(): Generator<Counted> {
    for (const chart of this.#charts.values()) {
      yield* edgesOf(chart);
      yield* chart.kept.values();
    }
  }

  #read(isWanted: (tally: object, figure: string) => boolean): OverviewFigures {
    const found: Partial<Record<InspectedMachine, MachineFigures>> = {};
    for (const [machine, chart] of this.#charts) {
      const { live, begun, states } = chart;
      const wanted = <T>(tally: object, figure: T): readonly T[] =>
        isWanted(tally, JSON.stringify(figure)) ? [figure] : [];
      const figures = {
        live,
        begun,
        states: states.flatMap((tally) => wanted(tally, stateFigures(tally))),
        edges: [...edgesOf(chart)].flatMap((tally) => wanted(tally, this.#edgeFigures(tally))),
        kept: [...chart.kept].flatMap(([event, tally]) =>
          wanted(tally, { event, count: tally.count, per_second: this.#rateOf(tally) }),
        ),
      };
      const isNew = isWanted(chart, `${live} ${begun}`);
      if (isNew || figures.states.length + figures.edges.length + figures.kept.length > 0) {
        found[machine] = figures;
      }
    }
    return found;
  }

  #edgeFigures(edge: EdgeTally): EdgeFigures {
    const { from, to, event, count, failures } = edge;
    return {
      from: from.name,
      to: to.name,
      event,
      count,
      per_second: this.#rateOf(edge),
      ...(failures === undefined ? {} : { failures: Object.fromEntries(failures) }),
    };
  }

  #rateOf(tally: object): number {
    return this.#told.get(tally)?.perSecond ?? 0;
  }

  #toldOf(tally: object): Told {
    let told = this.#told.get(tally);
    if (told === undefined) {
      told = { figure: '', count: 0, perSecond: 0 };
      this.#told.set(tally, told);
    }
    return told;
  }
}

function* edgesOf({ states }: ChartTally): Generator<EdgeTally> {
  for (const state of states) yield* state.edges();
}

function stateFigures({ name, count, entered, stayedMs, stays, crashed }: StateTally): StateFigures {
  return { state: name, count, entered, stayed_ms: Math.round(stayedMs), stays: [...stays], crashed };
}
