import { describe, expect, test } from 'vitest';
import { hostOf, hostOfUrl } from '../../src/config/host-name.ts';

describe('the machine of a URL', () => {
  test.each([
    ['http://localhost:11434', 'localhost'],
    ['http://LOCALHOST:11434', 'localhost'],
    ['http://127.0.0.1:11434', 'localhost'],
    ['http://127.8.9.10', 'localhost'],
    ['http://0.0.0.0:1234/v1', 'localhost'],
    ['http://[::1]:11434', 'localhost'],
    ['http://[0:0:0:0:0:0:0:1]', 'localhost'],
    ['http://GPU-Box:1', 'gpu-box'],
    ['http://192.168.11.6:11434', '192.168.11.6'],
    ['https://me:word@host.example/path', 'host.example'],
    ['http://[FD00:0::6]:8000/v1', 'fd00::6'],
    ['http://localhost.example', 'localhost.example'],
  ])('%s is %s', (url, host) => {
    expect(hostOfUrl(url)).toBe(host);
  });
});

describe('what a file calls a machine', () => {
  test.each([
    ['127.0.0.1', 'localhost'],
    ['::1', 'localhost'],
    ['[::1]', 'localhost'],
    ['GPU-Box', 'gpu-box'],
    ['gpu_box', 'gpu_box'],
    ['fd00:0::6', 'fd00::6'],
    ['10.0.0.999', null],
    ['1:2:', null],
  ])('%s is %s', (written, host) => {
    expect(hostOf(written)).toBe(host);
  });
});
