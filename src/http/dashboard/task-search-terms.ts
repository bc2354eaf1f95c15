/** What somebody looks for, as the fields of the form hold it; '' narrows nothing. */
export interface SearchTerms {
  readonly text: string;
  readonly status: string;
  readonly type: string;
  readonly worker: string;
  /** One priority, or two with a dash between them: `7`, `7-10`. */
  readonly priority: string;
  /** As `<input type="datetime-local">` writes it, in the reader's zone. */
  readonly since: string;
  readonly until: string;
  readonly sort: string;
}

export const noTerms: SearchTerms = {
  text: '',
  status: '',
  type: '',
  worker: '',
  priority: '',
  since: '',
  until: '',
  sort: '',
};

const names = Object.keys(noTerms) as (keyof SearchTerms)[];

/** What the address of the page says. */
export function termsOf(query: URLSearchParams): SearchTerms {
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])) as unknown as SearchTerms;
}

/** The same for the address, without what is empty. */
export function queryOf(terms: SearchTerms): Record<string, string> {
  return Object.fromEntries(names.filter((name) => terms[name] !== '').map((name) => [name, terms[name]]));
}

/** The conditions of `GET /tasks`, but for the status and the order. */
export function conditionsOf(terms: SearchTerms): Record<string, string | number> {
  const { text, type, worker } = terms;
  const [low, high = low] = terms.priority.split(/\s*[-–]\s*/, 2);
  const conditions = {
    text,
    type,
    worker,
    priority_min: priorityOf(low),
    priority_max: priorityOf(high),
    accepted_since: isoOf(terms.since),
    accepted_until: isoOf(terms.until),
  };
  return Object.fromEntries(
    Object.entries(conditions).filter((entry): entry is [string, string | number] => Boolean(entry[1])),
  );
}

/** The address of a page of the list. */
export function pageOf(terms: SearchTerms, cursor: string | null, limit: number): string {
  const query = new URLSearchParams({ brief: 'true', limit: String(limit) });
  for (const [name, value] of Object.entries(conditionsOf(terms))) query.set(name, String(value));
  if (terms.status !== '') query.set('status', terms.status);
  if (terms.sort !== '') query.set('sort', terms.sort);
  if (cursor !== null) query.set('cursor', cursor);
  return `/tasks?${query}`;
}

function priorityOf(text: string | undefined): number | undefined {
  const priority = Number(text);
  return Number.isInteger(priority) && priority >= 1 && priority <= 10 ? priority : undefined;
}

function isoOf(local: string): string | undefined {
  const atMs = Date.parse(local);
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}
