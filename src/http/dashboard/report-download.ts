import { doors, Refusal } from './doors.ts';

/** Where a report is asked for; its times are written in the reader's zone. */
export function reportPath(lang: string, hours: number, format: 'json' | 'markdown'): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `/report?${new URLSearchParams({ lang, hours: String(hours), zone, format })}`;
}

/** Asks for the Markdown and hands it to the reader as a file. @throws Refusal */
export async function downloadReport(lang: string, hours: number): Promise<void> {
  const response = await fetch(`${doors().rest}${reportPath(lang, hours, 'markdown')}`, {
    credentials: 'include',
  });
  if (!response.ok) throw new Refusal(response.status, String(response.status), response.statusText);
  const href = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = href;
  link.download = `koubou-${new Date().toISOString().slice(0, 10)}.md`;
  link.click();
  URL.revokeObjectURL(href);
}
