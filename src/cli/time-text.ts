const two = (value: number) => String(value).padStart(2, '0');

/** A time of the wire (ISO 8601, UTC) in the time zone of the reader; anything else as it is. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${clockTime(time)}`;
}

/** The same with milliseconds, for logs. */
export function preciseLocalTime(iso: string): string {
  const milliseconds = /\.\d{3}(?=Z$)/.exec(iso)?.[0] ?? '';
  return `${localTime(iso)}${milliseconds}`;
}

/** `20261122-101500`, for names of files. */
export function fileTime(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** A duration in ms: `0.3 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function spanText(spanMs: number): string {
  const seconds = spanMs / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function clockTime(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
