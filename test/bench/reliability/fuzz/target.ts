import type { Random } from './random.ts';

/** Something that takes input from outside, and how inputs for it are made. */
export interface FuzzTarget<Input> {
  /** In a few words, for the page. */
  readonly title: string;
  /** How many inputs `make` gives at once. Default 1. */
  readonly inputsAtOnce?: number;
  /** Makes an input, or several at once; the same random numbers make the same ones. */
  make(random: Random): Input;
  /**
   * Works on an input; gives whether it was taken. False: it was refused as it should be. Throws where it was not: an
   * error of another class, or something that does not hold afterwards.
   */
  run(input: Input): boolean | Promise<boolean>;
  /** Frees what the target holds. */
  close?(): Promise<void>;
}
