/**
 * Stands for the types of `@whatwg-node/fetch` (tsconfig.json, `paths`), which graphql-yoga names: they would add the
 * DOM to the types of the whole program. What runs is the package; Node has all of this by itself.
 */
export declare const fetch: typeof globalThis.fetch;
export declare const Response: typeof globalThis.Response;
export declare function createFetch(): {
  readonly fetch: typeof globalThis.fetch;
  readonly Request: typeof globalThis.Request;
  readonly Response: typeof globalThis.Response;
  readonly Headers: typeof globalThis.Headers;
  readonly ReadableStream: typeof globalThis.ReadableStream;
};
