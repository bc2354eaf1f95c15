import type { Hono } from 'hono';
import type { Runtime } from '../runtime.ts';

/** What operators do with the database while the server runs. It answers when it is done. */
export function storageRoutes(app: Hono, runtime: Runtime): void {
  app.post('/db/vacuum', async (c) => {
    const { bytes, fileBytes, shrinks } = await runtime.housekeeping.retention.shrink();
    return c.json({ given_back_bytes: bytes, file_bytes: fileBytes, shrinks });
  });
}
