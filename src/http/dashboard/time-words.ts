import { language } from './language.ts';

/** A moment in the reader's zone: time of day, with the date when it is not today. */
export function timeOf(iso: string | null): string {
  if (iso === null) return '–';
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return formatOf(language.value, date.toDateString() === new Date().toDateString()).format(date);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Kept, since making one takes longer than using it a hundred times. */
function formatOf(locale: string, isToday: boolean): Intl.DateTimeFormat {
  const key = `${locale} ${isToday}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale, {
    ...(isToday ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(key, made);
  return made;
}

/** A length of time for people: `350 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationOf(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago something was, in whole seconds at the finest: for what counts up before the reader's eyes. */
export function ageOf(sinceIso: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(sinceIso)) / 1_000));
  return seconds < 60 ? `${seconds} s` : durationOf(seconds * 1_000);
}

/** A number as the reader writes it. */
export function numberOf(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return value.toLocaleString(language.value, { maximumFractionDigits: digits });
}

export function percentOf(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  return share.toLocaleString(language.value, { style: 'percent', maximumFractionDigits: 1 });
}
