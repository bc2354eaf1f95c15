import { linkLimits } from '../machines/link-limits.ts';
import type { SightedModel, Sighting } from '../machines/sighting.ts';
import type { Clock } from './clock.ts';
import { wireModelsOf, wireResidentsOf } from './wire-values.ts';
import type { Beat } from './worker-protocol.ts';

export interface SightPorts {
  readonly clock: Clock;
  /** Looks at the server; rejects with the reason when it does not answer. */
  readonly look: (signal: AbortSignal) => Promise<Sighting>;
  /** Models that are offered; `null` for all that the server has. */
  readonly models: readonly string[] | null;
}

/** What a joined worker knows of the server that generates for it, since it last looked. */
export class LocalSight {
  readonly #ports: SightPorts;
  #seen: Sighting = { models: null, residents: null };
  #fault: string | null = null;
  #looking: Promise<void> | undefined;

  constructor(ports: SightPorts) {
    this.#ports = ports;
  }

  /** Looks anew; resolves when it has, after `limitMs` at the latest. A look that is under way is not begun again. */
  refresh(limitMs: number): Promise<void> {
    this.#looking ??= this.#look(limitMs).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Names of the models that are offered. */
  get names(): string[] {
    return [...(this.#ports.models ?? this.#offered()?.map(({ name }) => name) ?? [])].slice(
      0,
      linkLimits.modelsMax,
    );
  }

  /** For a beat. */
  get report(): Pick<Beat, 'models' | 'residents' | 'fault'> {
    const offered = this.#offered();
    return {
      models: offered === null ? null : wireModelsOf(offered),
      residents: this.#seen.residents === null ? null : wireResidentsOf(this.#seen.residents),
      fault: this.#fault,
    };
  }

  #offered(): readonly SightedModel[] | null {
    const { models } = this.#ports;
    const seen = this.#seen.models;
    return models === null || seen === null ? seen : seen.filter(({ name }) => models.includes(name));
  }

  async #look(limitMs: number): Promise<void> {
    const { clock, look } = this.#ports;
    const abort = new AbortController();
    let timer: unknown;
    const overdue = new Promise<never>((_resolve, reject) => {
      const fail = () => reject(new Error(`its server does not answer within ${limitMs / 1_000} s`));
      timer = clock.setTimeout(fail, limitMs);
    });
    try {
      this.#seen = await Promise.race([look(abort.signal), overdue]);
      this.#fault = null;
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#fault = words.slice(0, linkLimits.sentenceCharsMax);
    } finally {
      clock.clearTimeout(timer);
      abort.abort();
    }
  }
}
