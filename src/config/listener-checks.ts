/** Who may reach the ports, and that no two listeners share one. File and environment together decide. */

import { BlockList, isIP } from 'node:net';
import { type VariableName, type Variables, variableProblem } from './environment.ts';
import { koubouFileSchema } from './koubou-file.ts';
import type { Place } from './place.ts';
import type { ConfigProblem } from './problem.ts';

const defaults = koubouFileSchema.parse({});

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

type PortName = keyof typeof defaults.ports;

/** The variable that outranks each port of `koubou.yaml`. */
const portVariables = {
  rest: 'KOUBOU_MCP_PORT',
  websocket: 'KOUBOU_WEBSOCKET_PORT',
  graphql: 'KOUBOU_GRAPHQL_PORT',
  logs: 'KOUBOU_LOGS_PORT',
  dashboard: 'KOUBOU_DASHBOARD_PORT',
} as const satisfies Record<PortName, VariableName>;

const portNames = Object.keys(portVariables) as readonly PortName[];

/**
 * Refuses a host that other machines reach while no token guards it, and a port given out twice.
 *
 * @param hasToken whether the home has a token that clients are asked for; looked at only where it matters
 */
export function checkListeners(
  root: Place,
  variables: Variables,
  hasToken: () => boolean,
): readonly ConfigProblem[] {
  return [...checkHost(root.at('host'), variables, hasToken), ...checkPorts(root.at('ports'), variables)];
}

/** `localhost`, `::1` or anything in `127.0.0.0/8`. */
function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const version = isIP(host);
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function checkHost(place: Place, variables: Variables, hasToken: () => boolean): readonly ConfigProblem[] {
  const host = variables.KOUBOU_HOST ?? place.text ?? defaults.host;
  if (variables.KOUBOU_API_TOKEN !== undefined || isLoopback(host) || hasToken()) return [];
  const problem = {
    fault: `other machines can reach ${host}, and no KOUBOU_API_TOKEN keeps them out`,
    expected: 'a loopback address, KOUBOU_API_TOKEN set, or a token created',
    found: host,
    hint: 'set KOUBOU_API_TOKEN, run `koubou token create`, or listen on 127.0.0.1',
  };
  return [
    variables.KOUBOU_HOST === undefined
      ? place.problem('value', problem)
      : variableProblem('KOUBOU_HOST', problem),
  ];
}

interface Listener {
  readonly name: PortName;
  readonly port: number;
  readonly isDefault: boolean;
}

function checkPorts(section: Place, variables: Variables): readonly ConfigProblem[] {
  const listeners = portNames.map((name): Listener => {
    const chosen = variables[portVariables[name]] ?? section.at(name).number;
    return { name, port: chosen ?? defaults.ports[name], isDefault: chosen === undefined };
  });
  return listeners.flatMap((listener, index) => {
    const earlier = listeners.slice(0, index).find(({ port }) => port === listener.port && port !== 0);
    if (earlier === undefined) return [];
    // Two defaults never clash, so one of the two is somebody's choice: the fault stands there.
    const [chosen, other] = listener.isDefault ? [earlier, listener] : [listener, earlier];
    return [sharedPort(chosen, other, section, variables)];
  });
}

function sharedPort(chosen: Listener, other: Listener, section: Place, variables: Variables): ConfigProblem {
  const variable = portVariables[chosen.name];
  const problem = {
    fault: `port ${chosen.port} is taken by ports.${other.name}`,
    expected: 'a port of its own',
    found: String(chosen.port),
    hint: null,
  };
  return variables[variable] === undefined
    ? section.at(chosen.name).problem('value', problem)
    : variableProblem(variable, problem);
}
