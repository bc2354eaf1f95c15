import { expect, test } from 'vitest';
import { setupRest } from '../support/rest-client.ts';

test('the document is OpenAPI 3.1 and describes every route that there is, and no other', async () => {
  const rest = await setupRest();
  const { body } = await rest.get('/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  const described = Object.entries<object>(body.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  const routes = rest.app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/\{[^}]+\}/g, '')}`);
  const documented = routes.filter((route) => !/\/(docs|openapi\.json)/.test(route));
  expect(described.sort()).toEqual([...new Set(documented)].sort());
});

test('the schemas of the document are those that validate: its example is accepted, its bounds are refused', async () => {
  const rest = await setupRest();
  const { body: document } = await rest.get('/openapi.json');
  const { example, properties } = document.components.schemas.Delegation;
  expect((await rest.post('/task/delegate', example)).status).toBe(202);
  const { maximum } = properties.priority.anyOf?.[0] ?? properties.priority;
  const beyond = await rest.post('/task/delegate', { ...example, priority: maximum + 1 });
  expect([maximum, beyond.status]).toEqual([10, 400]);
});

test('the example of a retry is accepted', async () => {
  const rest = await setupRest();
  const { body: document } = await rest.get('/openapi.json');
  const { example } = document.components.schemas.RetryRequest;
  expect((await rest.post('/tasks/retry', example)).status).toBe(200);
});

test('every reference in the document leads somewhere', async () => {
  const rest = await setupRest();
  const { body } = await rest.get('/openapi.json');
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  expect(references.length).toBeGreaterThan(5);
  for (const reference of references) {
    const found = reference.split('/').reduce((node, key) => node?.[key], body);
    expect(found, reference).toBeTypeOf('object');
  }
});

test('the page to read it loads nothing from anywhere else', async () => {
  const rest = await setupRest();
  const { status, headers, body } = await rest.get('/docs');
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  const links = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) {
    expect(link).not.toContain('//');
    expect((await rest.app.request(`/${link}`)).status, link).toBe(200);
  }
});
