import { expect, test } from 'vitest';
import { reportSchema } from '../../src/http/report-schemas.ts';
import { workerId } from '../../src/machines/identifiers.ts';
import { reportLimits } from '../../src/machines/report-limits.ts';
import { reportEnglish } from '../../src/runtime/report-words-en.ts';
import { reportJapanese } from '../../src/runtime/report-words-ja.ts';
import { setupRest } from '../support/rest-client.ts';

async function setup() {
  const rest = await setupRest({ workers: [{ workerId: workerId('fast') }, { workerId: workerId('slow') }] });
  for (const prompt of ['one', 'two', 'three']) await rest.post('/task/delegate', { prompt, sync: true });
  return rest;
}

interface Block {
  readonly rows: readonly (readonly string[])[];
}

/** The rows of the first block of a section. */
function rowsOf(report: { sections: { id: string; blocks: Block[] }[] }, id: string) {
  return report.sections.find((section) => section.id === id)?.blocks[0]?.rows ?? [];
}

test('a report has every section, in both languages, with figures of this system', async () => {
  const { get } = await setup();
  for (const [lang, words] of [
    ['en', reportEnglish],
    ['ja', reportJapanese],
  ] as const) {
    const { status, headers, body } = await get(`/report?lang=${lang}`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/markdown; charset=utf-8']);
    for (const title of Object.values(words.sections)) expect(body).toContain(`\n## ${title}\n`);
    expect(body).toContain(`**${words.fields.completed}**: 3\n`);
    expect(body).toContain('```mermaid\nflowchart LR');
    expect(body).toContain('```mermaid\nxychart-beta');
    expect(body).toMatch(/^\| fast \| /m);
  }
});

test('the same report as data, as the page shows it', async () => {
  const { get } = await setup();
  const { body } = await get('/report?format=json&hours=1');
  expect(reportSchema.parse(body)).toEqual(body);
  expect(rowsOf(body, 'overview')).toContainEqual(['Workers alive', '2 of 2']);
  expect(rowsOf(body, 'metrics')).toContainEqual(['Success rate', '100%']);
  expect(rowsOf(body, 'database')).toContainEqual(['Check of the pages', 'ok']);
  const counted = rowsOf(body, 'database').find(([name]) => name === 'Rows')?.[1];
  expect(counted).toMatch(/^task_master 3, task_assignments 3, events \d+, workers 2$/);
  expect(rowsOf(body, 'performance').map(([name, runs, , , ratio]) => [name, runs, ratio])).toEqual([
    ['fast', '3', '1 ×'],
    ['slow', '0', '–'],
  ]);
});

test('doors that do not listen are said not to answer', async () => {
  const { get } = await setup();
  const { body } = await get('/report?format=json');
  for (const [, , state] of rowsOf(body, 'services')) expect(state).toBe('does not answer');
});

test('what changed lately is there, the last first', async () => {
  const { get, post } = await setup();
  await post('/workers/slow/drain', '');
  const { body } = await get('/report?format=json');
  const changes = rowsOf(body, 'changes');
  expect(changes[0]).toEqual([
    expect.any(String),
    'worker.readmitted',
    'slow',
    expect.stringContaining('drained'),
  ]);
  expect(changes.at(-1)?.[1]).toMatch(/^(?:pool|worker)\./);
});

test('texts from outside stay texts in Markdown and in Mermaid', async () => {
  const evil = 'a|b`<img src=x onerror=alert(1)>"]';
  const { get } = await setupRest({ workers: [{ workerId: workerId(evil) }] });
  const { body } = await get('/report');
  expect(body).not.toContain('<img');
  expect(body).toContain('a\\|b\\`&lt;img src=x onerror=alert(1)&gt;"\\]');
  expect(body).toContain('["a#124;b#96;#60;img src#61;x');
});

test('times are written in the zone that is asked for', async () => {
  const { get } = await setup();
  expect((await get('/report?zone=Asia/Tokyo')).body).toContain('(Asia/Tokyo)');
  const refused = await get('/report?zone=Nowhere/Land');
  expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringContaining('time zone')]);
});

test('periods and languages that do not exist are refused', async () => {
  const { get } = await setup();
  const wrong = ['hours=0', `hours=${reportLimits.hoursMax + 1}`, 'hours=x', 'lang=de', 'format=pdf'];
  for (const query of wrong) expect((await get(`/report?${query}`)).status, query).toBe(400);
  expect((await get(`/report?hours=${reportLimits.hoursMax}`)).status).toBe(200);
});

test('with many workers the drawing shows the first, the tables end at their limit', async () => {
  const count = reportLimits.drawnWorkersMax + 1;
  const workers = Array.from({ length: count }, (_, index) => ({ workerId: workerId(`w${index}`) }));
  const { get } = await setupRest({ workers });
  const { body } = await get('/report?format=json');
  const [drawing] = body.sections.find(({ id }: { id: string }) => id === 'architecture').blocks;
  expect(drawing.source).toContain(`worker${count - 2}[`);
  expect(drawing.source).not.toContain(`worker${count - 1}[`);
  expect(rowsOf(body, 'workers')).toHaveLength(count);
  expect((await get('/config')).body.settings.length).toBeGreaterThan(reportLimits.rowsMax);
  expect(rowsOf(body, 'configuration')).toHaveLength(reportLimits.rowsMax);
});
