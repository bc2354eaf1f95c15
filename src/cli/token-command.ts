import { type Command, InvalidArgumentError } from 'commander';
import { accessLimits } from '../machines/access-limits.ts';
import { KoubouError } from '../machines/errors.ts';
import { allows, clientScopes, type Scope, scopes } from '../machines/scopes.ts';
import type { TokenView } from '../runtime/tokens.ts';
import { type Act, type Cli, CliError, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { Refusal } from './rest-client.ts';
import { printTable } from './table.ts';
import { localTime } from './time-text.ts';
import { withTokens } from './token-keeper.ts';

interface CreateOptions extends JsonOption {
  readonly scope: readonly Scope[];
  /** In ms; `null` for never. */
  readonly expires?: number | null;
}

/** `koubou token`: `create`, `list` and `revoke` */
export function registerToken(program: Command, cli: Cli, act: Act): void {
  const { help } = cli.messages.token;
  const token = program
    .command('token')
    .description(help.token)
    .addHelpText('after', `\n${cli.messages.help.examples}\n  $ koubou token create laptop --scope admin`);

  addCommand(token, cli, {
    usage: 'create <name>',
    description: help.create,
    examples: [
      'koubou token create laptop --scope admin',
      'koubou token create ci --scope submit --expires 30d',
      'koubou token create gpu-box --scope worker --json | jq -r .token',
    ],
  })
    .requiredOption('-s, --scope <scope>', help.scope, scopeList(cli))
    .option('--expires <time>', help.expires, lifetime(cli))
    .action(act((name: string, options: CreateOptions) => create(cli, name, options)));

  addCommand(token, cli, {
    usage: 'list',
    description: help.list,
    examples: [
      'koubou token list',
      'koubou token list --json | jq ".tokens[] | select(.last_used_at == null)"',
    ],
  }).action(act(({ json }: JsonOption) => list(cli, json === true)));

  addCommand(token, cli, {
    usage: 'revoke <id>',
    description: help.revoke,
    examples: ['koubou token revoke tok_0123456789ab'],
  }).action(act((id: string, { json }: JsonOption) => revoke(cli, id, json === true)));
}

async function create(
  cli: Cli,
  name: string,
  { scope, expires = null, json }: CreateOptions,
): Promise<number> {
  const { terminal, messages } = cli;
  const words = messages.token;
  const trimmed = name.trim();
  if (trimmed === '' || trimmed.length > accessLimits.tokenNameCharsMax || /\p{C}/u.test(trimmed))
    throw new CliError(words.badName, exitCodes.misused);
  const expiresAtMs = expires === null ? null : Date.now() + expires;
  const { before, created } = await withTokens(cli, true, async (keeper) => ({
    before: await keeper.list(),
    created: await keeper.create({ name: trimmed, scopes: scope, expiresAtMs }),
  }));
  if (json) {
    terminal.json(created);
    return exitCodes.done;
  }
  terminal.line(created.token);
  terminal.say(words.shownOnce(created.token_id));
  if (forClients(created)) terminal.say(words.howToUse);
  if (created.scopes.includes('worker')) terminal.say(words.howToJoin);
  if (forClients(created) && !before.some(isAskedFor) && !cli.env['KOUBOU_API_TOKEN'])
    terminal.say(words.nowAsked);
  return exitCodes.done;
}

async function list(cli: Cli, json: boolean): Promise<number> {
  const { terminal, messages } = cli;
  const { fields, none } = messages.token;
  const tokens = await withTokens(cli, false, (keeper) => keeper.list());
  if (json) terminal.json({ tokens });
  else if (tokens.length === 0) terminal.say(none);
  else
    printTable(
      terminal,
      [fields.id, fields.scopes, fields.created, fields.used, fields.state, fields.name],
      tokens.map((token) => [
        token.token_id,
        token.scopes.join(' '),
        localTime(token.created_at),
        token.last_used_at === null ? null : localTime(token.last_used_at),
        stateOf(cli, token),
        token.name,
      ]),
    );
  return exitCodes.done;
}

async function revoke(cli: Cli, id: string, json: boolean): Promise<number> {
  const { terminal, messages } = cli;
  const words = messages.token;
  try {
    const { revoked, after } = await withTokens(cli, false, async (keeper) => {
      const done = await keeper.revoke(id);
      // The token that it is asked with may be the one that is over now.
      return { revoked: done, after: await keeper.list().catch(() => null) };
    });
    if (json) {
      terminal.json(revoked);
      return exitCodes.done;
    }
    terminal.say(words.revoked(revoked.name));
    const isLast = after !== null && forClients(revoked) && !after.some(isAskedFor);
    if (isLast && !cli.env['KOUBOU_API_TOKEN']) terminal.say(words.nobodyAsked);
    return exitCodes.done;
  } catch (error) {
    const isUnknown =
      (error instanceof KoubouError && error.code === 'token.unknown') ||
      (error instanceof Refusal && error.status === 404);
    throw isUnknown ? new CliError(words.unknown(id)) : error;
  }
}

function forClients({ scopes: held }: TokenView): boolean {
  return allows(held, clientScopes);
}

/** Whether a server with this token asks clients for one. */
function isAskedFor(token: TokenView): boolean {
  return token.revoked_at === null && forClients(token);
}

function stateOf({ messages }: Cli, { revoked_at, expires_at }: TokenView): string {
  const { states } = messages.token;
  if (revoked_at !== null) return states.revoked;
  if (expires_at === null) return states.live;
  return Date.parse(expires_at) <= Date.now() ? states.expired : states.until(localTime(expires_at));
}

function scopeList({ messages }: Cli) {
  return (text: string, former: readonly Scope[] = []): readonly Scope[] => {
    const scope = scopes.find((each) => each === text);
    if (scope === undefined) throw new InvalidArgumentError(messages.token.scopeChoice(scopes.join(', ')));
    return [...former, scope];
  };
}

const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 } as const;

function lifetime({ messages }: Cli) {
  return (text: string): number | null => {
    if (text === 'never') return null;
    const [, count = '', unit = 'd'] = /^(\d{1,6})([mhdy])$/.exec(text) ?? [];
    const spanMs = Number(count) * unitsMs[unit as keyof typeof unitsMs];
    if (spanMs > 0 && spanMs <= accessLimits.tokenLifeMsMax) return spanMs;
    throw new InvalidArgumentError(messages.token.span);
  };
}
