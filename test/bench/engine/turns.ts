import { Peer, PeerError, type PeerOptions } from './peer.ts';
import { correlation } from './agreement.ts';
import type { Answer, Command, Spent } from './protocol.ts';
import type { EngineName } from './variants.ts';

type Timed = Exclude<Command, { do: 'logits' }>;

/** The time of each engine that still runs. */
export type SpentByEngine = Partial<Record<EngineName, Spent>>;

/** Engines that follow the same commands, one at a time. An engine that fails leaves, with its reason. */
export class Turns implements AsyncDisposable {
  readonly #peers = new Map<EngineName, Peer>();
  /** The reasons of the engines that don't run. */
  readonly absent = new Map<EngineName, string>();
  #waitingMs = 0;
  #workingMs = 0;
  #processorMs = 0;

  /** Starts an engine. */
  async add(name: EngineName, options: () => Promise<PeerOptions>): Promise<void> {
    try {
      this.#peers.set(name, await Peer.start(await options()));
    } catch (error) {
      this.absent.set(name, (error as Error).message);
      console.error(`${name}: ${(error as Error).message}`);
    }
  }

  get libraries(): Partial<Record<EngineName, readonly string[]>> {
    return Object.fromEntries([...this.#peers].map(([name, peer]) => [name, peer.libraries]));
  }

  /** The processor time that all engines have used. */
  get usedMs(): number {
    return this.#processorMs + this.#waitingMs;
  }

  /** The processor time that engines used while another had its turn, as a share of the time of the turns. */
  get waitingShare(): number {
    return this.#waitingMs / this.#workingMs;
  }

  /** Returns how the logits of each engine agree with libllama's behind a prompt. Empty without libllama. */
  async agreement(count: number): Promise<Partial<Record<EngineName, number>>> {
    const logits = new Map<EngineName, readonly number[]>();
    for (const name of [...this.#peers.keys()]) {
      const found = await this.#orLeave(name, (peer) => peer.logits(count));
      if (found) logits.set(name, found);
    }
    const reference = logits.get('libllama');
    if (!reference) return {};
    return Object.fromEntries([...logits].map(([name, found]) => [name, correlation(found, reference)]));
  }

  /** Lets each engine follow a command. Every turn begins with another engine. */
  async each(command: Timed, turn = 0): Promise<SpentByEngine> {
    const names = [...this.#peers.keys()];
    const first = turn % Math.max(1, names.length);
    const spent: SpentByEngine = {};
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const answer = await this.#ask(name, command);
      if (answer) spent[name] = answer;
    }
    return spent;
  }

  /** Divides a command into slices, which the engines follow in turns, so that other load affects all alike. */
  async slices(command: Timed, { count, round }: { count: number; round: number }): Promise<SpentByEngine> {
    const sums: SpentByEngine = {};
    for (let slice = 0; slice < count; slice++) {
      for (const [name, spent] of Object.entries(await this.each(command, round + slice)) as [EngineName, Spent][])
        sums[name] = {
          elapsedMs: (sums[name]?.elapsedMs ?? 0) + spent.elapsedMs,
          processorMs: (sums[name]?.processorMs ?? 0) + spent.processorMs,
        };
    }
    // An engine that failed at a later slice has no time for the whole.
    return Object.fromEntries(Object.entries(sums).filter(([name]) => this.#peers.has(name as EngineName)));
  }

  async #ask(name: EngineName, command: Timed): Promise<Answer | undefined> {
    const answer = await this.#orLeave(name, (peer) => peer.ask(command));
    this.#waitingMs += answer?.waitingMs ?? 0;
    this.#workingMs += answer?.elapsedMs ?? 0;
    this.#processorMs += answer?.processorMs ?? 0;
    return answer;
  }

  /** Asks an engine. If its process ends, it leaves. */
  async #orLeave<Value>(name: EngineName, ask: (peer: Peer) => Promise<Value>): Promise<Value | undefined> {
    const peer = this.#peers.get(name);
    try {
      return peer && (await ask(peer));
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#peers.delete(name);
      this.absent.set(name, error.message);
      console.error(`${name}: ${error.message}`);
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers.values()) await peer[Symbol.asyncDispose]();
  }
}
