/** What the tests take from the programs beside this file, which are JavaScript. */

declare module '*/bench/machine/proc-text.mjs' {
  export interface ProcessStat {
    readonly pid: number;
    readonly parent: number;
    readonly ticks: number;
  }
  export const ticksPerSecond: number;
  export function processStat(text: string): ProcessStat;
  export function busyTicks(text: string): number;
  export function familyOf(stats: readonly ProcessStat[], root: number): readonly ProcessStat[];
  export function proportionalMb(text: string): number;
}

declare module '*/bench/report/goals.mjs' {
  export type Round = Readonly<Record<string, Readonly<Record<string, number>>>>;
  export interface Goal {
    readonly text: string;
    readonly of: (round: Round) => number;
    readonly atLeast?: number;
    readonly atMost?: number;
    readonly isFar?: boolean;
  }
  export interface Judged {
    readonly text: string;
    readonly goal: string;
    readonly value: number;
    readonly values: readonly number[];
    readonly verdict: 'reached' | 'missed' | 'not measured';
    readonly isClose: boolean;
  }
  export function judge(rounds: readonly Round[], wanted?: readonly Goal[]): readonly Judged[];
}

declare module '*/bench/report/markers.mjs' {
  export function between(text: string, name: string, content: string): string;
  export function markdownTable(rows: readonly (readonly string[])[]): string;
}

declare module '*/bench/report/bars.mjs' {
  export interface Bar {
    readonly label: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly isOurs: boolean;
  }
  export function barChart(chart: {
    readonly title: string;
    readonly note: string;
    readonly panels: readonly { readonly title: string; readonly bars: readonly Bar[] }[];
  }): string;
}

declare module '*/bench/report/flame.mjs' {
  export interface ProfileNode {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }
  export function flameGraph(
    profile: {
      readonly nodes: readonly ProfileNode[];
      readonly samples: readonly number[];
      readonly timeDeltas: readonly number[];
    },
    title: string,
  ): string;
}

declare module '*/bench/report/lines.mjs' {
  export function lineChart(chart: {
    readonly title: string;
    readonly seconds: readonly number[];
    readonly panels: readonly { readonly title: string; readonly lines: readonly (readonly number[])[] }[];
  }): string;
}

declare module '*/bench/report/soak-verdict.mjs' {
  export type Sample = Readonly<Record<string, number>>;
  export interface Verdict {
    readonly what: string;
    readonly first: number;
    readonly last: number;
    readonly wanted: string;
    readonly isReached: boolean;
  }
  export function verdictsOn(soak: {
    readonly samples: readonly Sample[];
    readonly lost: number;
    readonly leakWarnings: number;
  }): readonly Verdict[];
}
