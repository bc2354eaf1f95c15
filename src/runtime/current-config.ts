import type { Config } from '../config/settings.ts';
import { fallbackChain } from '../machines/model-choice.ts';

/**
 * The configuration in force. A reload replaces it as a whole; whoever needs a part of it asks here each time, so that
 * no decision mixes two versions.
 */
export class CurrentConfig {
  #config: Config;
  #version = 1;

  constructor(config: Config) {
    this.#config = config;
  }

  get now(): Config {
    return this.#config;
  }

  /** Counts the configurations of this process from 1. */
  get version(): number {
    return this.#version;
  }

  replace(config: Config): void {
    this.#config = config;
    this.#version += 1;
  }

  /** Further tries of a task that asks for no number. */
  get retriesMax(): number {
    return this.#config.models.server.retryCount;
  }

  /** Names of models that may stand in for one that fails. */
  get fallbackChain(): readonly string[] {
    return fallbackChain(this.#config.models);
  }
}
