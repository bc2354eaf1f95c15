import type { WorkerId } from './identifiers.ts';
import type { RequestKind } from './model-request.ts';

/** A worker as configured, or as it announced itself. */
export interface WorkerSpec {
  readonly workerId: WorkerId;
  readonly location: 'local' | 'remote';
  /** Who answers for it: the origin of a server, or a name of its own. Workers of one endpoint share its breaker. */
  readonly endpoint: string;
  /** The machine that it computes on. Workers of one host share its limits. */
  readonly host: string;
  /** Task types it takes; empty for all. */
  readonly capabilities: readonly string[];
  /** What it can be asked for; some programs take plain prompts alone. */
  readonly requestKinds: readonly RequestKind[];
  readonly performanceFactor: number;
  readonly slots: number;
  /** It came by itself, and is in no file. */
  readonly joined: boolean;
  /** In reserve: it takes work only while the load asks for it. */
  readonly standby: boolean;
  /** The model that it runs, whatever the model file says; `null` leaves the choice to it. */
  readonly model: string | null;
  /** Tokens of prompt and answer together that it takes; `null` where the model's own window decides. */
  readonly tokensMax: number | null;
  /** It is lost when it missed at least so many beats in a row … */
  readonly missesMax: number;
  /** … and was silent for at least so long, in ms. */
  readonly silenceMsMax: number;
}
