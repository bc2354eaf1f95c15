import { homedir } from 'node:os';
import type { Command } from 'commander';
import { checkConfig, formatProblem, loadConfig } from '../config.ts';
import { type Act, type Cli, exitCodes } from './cli.ts';
import { addCommand, type JsonOption } from './command-options.ts';
import { checkWorkers } from './endpoint-checks.ts';
import { checkDatabase, checkDisk, checkHome, checkNode, type Finding } from './home-checks.ts';
import { checkPort } from './port-check.ts';
import { findHome } from './server-address.ts';
import { padToWidth } from './text-width.ts';

/** `koubou doctor` */
export function registerDoctor(program: Command, cli: Cli, act: Act): void {
  addCommand(program, cli, {
    usage: 'doctor',
    description: cli.messages.help.doctor,
    examples: ['koubou doctor', 'koubou doctor --json | jq ".checks[] | select(.state == \\"broken\\")"'],
  }).action(
    act(async ({ json }: JsonOption) => {
      const findings = (await examine(cli)).map(withoutCredentials);
      const isBroken = findings.some(({ state }) => state === 'broken');
      if (json) cli.terminal.json({ ok: !isBroken, checks: findings });
      else for (const finding of findings) tell(cli, finding);
      return isBroken ? exitCodes.failed : exitCodes.done;
    }),
  );
}

async function examine(cli: Cli): Promise<readonly Finding[]> {
  const { doctor } = cli.messages;
  const paths = findHome(cli);
  const findings = [
    checkNode(doctor, process.versions.node),
    checkHome(doctor, paths),
    checkDisk(doctor, paths),
    checkDatabase(doctor, paths),
  ];
  const { problems } = checkConfig(cli);
  if (problems.length > 0) {
    const detail = problems.map(formatProblem).join('\n');
    return [...findings, { check: 'config', state: 'broken', detail, advice: doctor.configAdvice }];
  }
  const config = loadConfig(cli);
  const valid: Finding = { check: 'config', state: 'ok', detail: config.configDir, advice: null };
  const port = await checkPort(doctor, config, paths);
  return [...findings, valid, port, ...(await checkWorkers(doctor, config))];
}

/** Addresses of servers may hold a name and a password, and what a server or a library says may repeat them. */
function withoutCredentials(finding: Finding): Finding {
  const masked = (text: string) => text.replaceAll(/\/\/[^/?#\s]*@/g, '//***@');
  const { detail, advice } = finding;
  return { ...finding, detail: masked(detail), advice: advice === null ? null : masked(advice) };
}

function tell({ terminal, messages: { doctor } }: Cli, { check, state, detail, advice }: Finding): void {
  const colours = { ok: 'green', warning: 'yellow', broken: 'red' } as const;
  const word = padToWidth(doctor.states[state], 8);
  const [first = '', ...more] = detail.replaceAll(homedir(), '~').split('\n');
  terminal.line(`${terminal.paint(colours[state], word)}  ${check}: ${first}`);
  for (const line of more) terminal.line(`${' '.repeat(10)}${line}`);
  if (advice !== null) terminal.line(`${' '.repeat(10)}→ ${advice}`);
}
