import { describe, expect, test } from 'vitest';
import { openaiEndpoint } from '../../src/actors/openai-endpoint.ts';
import { KoubouError } from '../../src/machines/errors.ts';

describe('an endpoint', () => {
  test.each([
    ['http://localhost:1234/v1', 'http://localhost:1234/v1/models'],
    ['http://localhost:1234/v1/', 'http://localhost:1234/v1/models'],
    ['http://localhost:8080', 'http://localhost:8080/models'],
    ['https://example.com/a/b?version=2', 'https://example.com/a/b/models?version=2'],
  ])('at %s has its models at %s', (baseUrl, models) => {
    expect(openaiEndpoint(baseUrl, null).urlOf('models').href).toBe(models);
  });

  test('is named without the credentials in its URL', () => {
    expect(openaiEndpoint('http://user:hunter2@gpu-1:1234/v1', null).address).toBe('gpu-1:1234');
  });

  test.each([
    '',
    'localhost:1234',
    'http://',
    'ftp://example.com/v1',
    'http://a b/v1',
  ])('is refused at "%s"', (baseUrl) => {
    expect(() => openaiEndpoint(baseUrl, null)).toThrow(KoubouError);
  });

  test.each([
    '',
    'sk-secret\nx: y',
    'sk-secret ',
    'sk-工房',
  ])('refuses the key %j without repeating it', (apiKey) => {
    const made = (): unknown => openaiEndpoint('http://localhost:1234/v1', apiKey);
    expect(made).toThrow(expect.objectContaining({ code: 'config.invalid' }));
    expect(made).toThrow(expect.objectContaining({ message: expect.not.stringContaining('sk-') }));
  });
});
