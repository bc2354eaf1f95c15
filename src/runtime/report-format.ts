/** Numbers, times and spans as the reader of a report writes them. */
export interface Formats {
  /** A moment in the reader's zone, with the zone. */
  time(epochMs: number): string;
  /** The hour of a moment, for an axis; with the date where it spans days, so that no two read alike. */
  hour(epochMs: number, isOfDays: boolean): string;
  number(value: number | null, digits?: number): string;
  share(value: number | null): string;
  /** `350 ms`, `12.4 s`, `3 min`, `2.1 h`. */
  span(ms: number | null): string;
  bytes(count: number): string;
}

/** @throws RangeError for a zone that does not exist */
export function formatsOf(language: 'en' | 'ja', zone: string): Formats {
  const clock = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'ja-JP', {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  const time = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const hours = new Intl.DateTimeFormat('en-GB', time);
  const days = new Intl.DateTimeFormat('en-GB', { ...time, month: '2-digit', day: '2-digit' });
  const number = (value: number | null, digits = 0) =>
    value === null ? '–' : value.toLocaleString(language, { maximumFractionDigits: digits });
  return {
    time: (epochMs) => clock.format(epochMs),
    hour: (epochMs, isOfDays) => (isOfDays ? days : hours).format(epochMs),
    number,
    share: (value) =>
      value === null ? '–' : value.toLocaleString(language, { style: 'percent', maximumFractionDigits: 1 }),
    span: (ms) => {
      if (ms === null) return '–';
      if (ms < 1_000) return `${number(ms)} ms`;
      if (ms < 120_000) return `${number(ms / 1_000, 1)} s`;
      return ms < 7_200_000 ? `${number(ms / 60_000, 1)} min` : `${number(ms / 3_600_000, 1)} h`;
    },
    bytes: (count) => {
      if (count < 1_024) return `${number(count)} B`;
      return count < 1_048_576 ? `${number(count / 1_024, 1)} KiB` : `${number(count / 1_048_576, 1)} MiB`;
    },
  };
}
