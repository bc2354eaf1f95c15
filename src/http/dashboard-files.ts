import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export interface PageFile {
  readonly contentType: string;
  readonly etag: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly brotli: Uint8Array<ArrayBuffer>;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const built = fileURLToPath(new URL('../dashboard/', import.meta.url));
/** Where the page lies beside sources, as tests run them. */
const besideSources = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));

/** The folder of the built page. */
export function pageFolder(): string {
  return existsSync(built) && existsSync(join(built, 'index.html')) && !built.includes('/src/')
    ? built
    : besideSources;
}

/**
 * The files of a built page by their paths, each read and compressed when it is first asked for. Only what is in the folder
 * now is ever served, so that no path can lead out of it.
 */
export function pageFiles(folder: string): (path: string) => PageFile | undefined {
  const names = new Set(
    existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(slashed) : [],
  );
  const read = new Map<string, PageFile>();
  return (path) => {
    const name = path.replace(/^\//, '');
    const contentType = contentTypes[extname(name)];
    if (!names.has(name) || contentType === undefined) return undefined;
    let file = read.get(name);
    if (file === undefined) {
      file = fileOf(
        new Uint8Array(readFileSync(join(folder, name))),
        contentType,
        name.startsWith('assets/'),
      );
      read.set(name, file);
    }
    return file;
  };
}

function fileOf(plain: Uint8Array<ArrayBuffer>, contentType: string, isHashed: boolean): PageFile {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  return {
    contentType,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    gzip: new Uint8Array(gzipSync(plain)),
    brotli: new Uint8Array(brotliCompressSync(plain, quality)),
    isHashed,
  };
}

function slashed(path: string): string {
  return path.replaceAll('\\', '/');
}
