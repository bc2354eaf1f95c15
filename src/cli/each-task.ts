import { type Cli, exitCodes } from './cli.ts';
import { type Accepted, Refusal, RestClient } from './rest-client.ts';
import { findServer } from './server-address.ts';

interface Request {
  readonly ask: (client: RestClient, id: string) => Promise<Accepted>;
  readonly tell: (accepted: Accepted) => string;
}

/** Does the same to several tasks; one that is refused does not keep the others from it. */
export async function forEachTask(
  cli: Cli,
  ids: readonly string[],
  json: boolean,
  { ask, tell }: Request,
): Promise<number> {
  const client = new RestClient(findServer(cli), cli.messages);
  let exitCode: number = exitCodes.done;
  for (const id of ids) {
    try {
      const accepted = await ask(client, id);
      if (json) cli.terminal.json(accepted);
      else cli.terminal.line(tell(accepted));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      exitCode = exitCodes.failed;
      if (json) cli.terminal.json({ task_id: id, error: { code: error.code, message: error.message } });
      cli.terminal.say(error.message);
    }
  }
  return exitCode;
}
