const LOOKS = 10;

/**
 * Reports work that stays at the same place for too long. Looks ten times within the limit, so that a machine that
 * slept, or a busy front, is not taken for a hang.
 */
export class HangWatch<Place> {
  #timer: NodeJS.Timeout | undefined;
  #last: Place | undefined;
  #looks = 0;

  /**
   * `place` returns the present place of the work, `undefined` while there is none. Equal places must be the same
   * value.
   */
  constructor(
    private readonly options: {
      readonly limitMs: number;
      readonly place: () => Place | undefined;
      readonly onHang: (place: Place) => void;
    },
  ) {}

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), this.options.limitMs / LOOKS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#last = undefined;
    this.#looks = 0;
  }

  #look(): void {
    const place = this.options.place();
    this.#looks = place !== undefined && place === this.#last ? this.#looks + 1 : 0;
    this.#last = place;
    if (place === undefined || this.#looks < LOOKS) return;
    this.stop();
    this.options.onHang(place);
  }
}
